using System.Runtime.CompilerServices;
using System.Text;
using Plugboard.Bridge;
using Plugboard.Flannel;
using Plugboard.Hosting;
using Plugboard.Ipam.HostLocal;

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

    private const string List =
        """{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"first"},{"type":"fake"},{"type":"fake","mtu":MTU}]}""";

    [Fact]
    public void Of_a_list_the_plugin_reads_its_own_entries_and_names_each()
    {
        Assert.Equal(("plugins[2].mtu: is negative\n", 1), Run(List.Replace("MTU", "-1", StringComparison.Ordinal), "validate"));
        Assert.Equal(("The config is valid.\n", 0), Run(List.Replace("MTU", "1", StringComparison.Ordinal), "validate"));
        var (output, exitCode) = Run(List.Replace("MTU", "\"x\"", StringComparison.Ordinal), "validate");
        Assert.Equal(1, exitCode);
        Assert.StartsWith("plugins[2]: failed to load netconf: mtu wants a whole number, not a text", output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_IPAM_plugin_reads_the_entries_that_name_it() =>
        Assert.Equal(
            ("plugins[0].mtu: is negative\n", 1),
            Run("""{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"first","mtu":-1,"ipam":{"type":"fake"}}]}""", "validate")
        );

    [Theory]
    [InlineData("""[{"type":"first"},{"type":"second"}]""", "plugins: none of first, second is fake: ")]
    [InlineData("[]", "plugins: it is missing or empty")]
    [InlineData("{}", "plugins wants an array, not an object")]
    [InlineData("[7]", "plugins[0] wants an object")]
    public void A_list_that_does_not_call_the_plugin_is_not_valid(string plugins, string said)
    {
        var (output, exitCode) = Run($$"""{"cniVersion":"1.0.0","name":"n","plugins":{{plugins}}}""", "validate");
        Assert.Equal(1, exitCode);
        Assert.Contains(said, output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_examples_are_valid_to_their_plugins()
    {
        var bridge = Example("bridge");
        Assert.Equal(("The config is valid.\n", 0), CniCommandLine.Run(new BridgePlugin(), ["validate"], () => bridge));
        Assert.Equal(("The config is valid.\n", 0), CniCommandLine.Run(new HostLocalPlugin(), ["validate"], () => bridge));
        Assert.Equal(("The config is valid.\n", 0), CniCommandLine.Run(new FlannelPlugin(), ["validate"], () => Example("flannel")));
    }

    private static byte[] Example(string name, [CallerFilePath] string own = "") =>
        File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(own)!, $"../../../examples/{name}.conflist"));
}
