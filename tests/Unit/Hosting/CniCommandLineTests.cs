using System.Text;
using Plugboard.Hosting;

namespace Plugboard.Tests.Unit.Hosting;

public sealed class CniCommandLineTests
{
    private static (string Output, int ExitCode) Run(string stdin, params string[] args) =>
        CniCommandLine.Run(new FakePlugin(), args, () => Encoding.UTF8.GetBytes(stdin));

    [Fact]
    public void Version_tells_the_product_s_and_the_protocol_s() =>
        Assert.Equal(
            ("CNI fake plugin version 0.1.0\nCNI protocol versions supported: 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0\n", 0),
            Run("", "--version")
        );

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("help")]
    public void Help_names_the_commands(params string[] args)
    {
        var (output, exitCode) = Run("", args);
        Assert.Equal(0, exitCode);
        Assert.Contains("validate", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_argument_fails()
    {
        var (output, exitCode) = Run("", "nonsense");
        Assert.Equal(2, exitCode);
        Assert.Contains("nonsense", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_valid_config_is_said_to_be_valid() => Assert.Equal(("The config is valid.\n", 0), Run(Calls.Config, "validate"));

    [Theory]
    [InlineData("{\n\"name\" 5}", "error unmarshall network config: invalid JSON at line 2, column 8")]
    [InlineData("{}", "missing network name")]
    [InlineData("""{"name":"n","cniVersion":"7"}""", "incompatible CNI versions")]
    [InlineData("""{"name":"n","mtu":"x"}""", "failed to load netconf: mtu wants a whole number, not a text")]
    [InlineData("""{"name":"n","mtu":-1}""", "mtu: is negative")]
    public void What_is_wrong_is_reported_with_its_place(string stdin, string said)
    {
        var (output, exitCode) = Run(stdin, "validate");
        Assert.Equal(1, exitCode);
        Assert.StartsWith(said, output, StringComparison.Ordinal);
    }
}
