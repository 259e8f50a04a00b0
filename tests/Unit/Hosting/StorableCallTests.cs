using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Hosting;

/// <summary>
/// Names that no file can have or that cannot be read back: ADD refuses them, and whatever an earlier build stored under them is released.
/// </summary>
public sealed class StorableCallTests
{
    public static TheoryData<string, string> Variables =>
        new()
        {
            { "CNI_CONTAINERID=" + new string('c', 256), "containerID is too long" },
            { "CNI_IFNAME=e\u0001h", "invalid interface name \"e\u0001h\"" },
            { "CNI_IFNAME=e\u007fh", "invalid interface name \"e\u007fh\"" },
            { "CNI_IFNAME=e\ufffdh", "interface name contains control characters or is not UTF-8" },
            { "CNI_NETNS=/run/netns/a\nb", "CNI_NETNS contains control characters or is not UTF-8" },
        };

    [Theory]
    [MemberData(nameof(Variables))]
    public void An_ADD_that_could_not_be_read_back_is_refused_and_its_DEL_is_served(string variable, string message)
    {
        var plugin = new FakePlugin();
        var refused = Calls.Fail(plugin, "ADD", Calls.Config, variable);
        Assert.Equal((4, message), (refused.Code, refused.Message));
        Assert.Empty(plugin.Calls);
        Assert.Equal(0, Calls.Serve(plugin, "DEL", Calls.Config, variable).ExitCode);
    }

    [Fact]
    public void A_network_whose_name_no_directory_can_have_is_refused_by_ADD_alone()
    {
        var plugin = new FakePlugin();
        var config = $$"""{"cniVersion":"1.1.0","type":"fake","name":"{{new string('n', 256)}}"}""";
        Assert.Equal((7, "network name is too long"), (Calls.Fail(plugin, "ADD", config).Code, Calls.Fail(plugin, "ADD", config).Message));
        Assert.Equal(0, Calls.Serve(plugin, "DEL", config).ExitCode);
        Assert.Equal(0, Calls.Serve(plugin, "ADD", config.Replace("nn", "n", StringComparison.Ordinal)).ExitCode);
    }

    [Theory]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a\\nb")]
    [InlineData("a b")]
    [InlineData("-a")]
    [InlineData("\\u0000")]
    public void A_network_s_name_that_leads_elsewhere_is_refused_by_every_verb(string name)
    {
        var plugin = new FakePlugin();
        foreach (var verb in (string[])["ADD", "DEL", "CHECK", "GC", "STATUS"])
            Assert.InRange(Calls.Fail(plugin, verb, $$"""{"cniVersion":"1.1.0","type":"fake","name":"{{name}}"}""").Code, 6, 7);
        Assert.Empty(plugin.Calls);
    }

    [Fact]
    public void A_megabyte_in_the_config_is_not_a_megabyte_in_the_error()
    {
        var long1 = new string('x', 1 << 20);
        foreach (
            var config in (string[])[$$"""{"cniVersion":"{{long1}}","name":"n"}""", $$"""{"cniVersion":"1.1.0","name":"{{long1}} "}"""]
        )
        {
            var (code, message, details) = Calls.Fail(new FakePlugin(), "ADD", config);
            Assert.True(code is 1 or 6 or 7, $"{code}");
            Assert.InRange(message.Length + details.Length, 1, 9000);
        }

        var error = new CniException(CniErrorCode.Internal, "begin " + long1 + " end", long1);
        var read = CniErrorObject.Read(CniErrorObject.Write(error));
        Assert.StartsWith("begin x", read.Message, StringComparison.Ordinal);
        Assert.EndsWith("x end", read.Message, StringComparison.Ordinal);
        Assert.InRange(read.Message.Length, 1000, 4200);
    }
}
