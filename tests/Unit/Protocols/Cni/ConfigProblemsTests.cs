using System.Text;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Protocols.Cni;

public sealed class ConfigProblemsTests
{
    private static readonly string[] keys = ["mtu"];

    [Theory]
    [InlineData("cniVersion")]
    [InlineData("cniVersions")]
    [InlineData("name")]
    [InlineData("type")]
    [InlineData("args")]
    [InlineData("capabilities")]
    [InlineData("runtimeConfig")]
    [InlineData("prevResult")]
    [InlineData("mtu")]
    [InlineData("MTU")]
    public void A_key_of_the_plugin_or_of_every_config_is_known(string key) => Assert.Empty(Unknown($$"""{"{{key}}":1}"""));

    [Fact]
    public void Each_other_key_is_reported() =>
        Assert.Equal(["mtus: is not a key", "names: is not a key"], Unknown("""{"mtus":1,"mtu":2,"names":[]}"""));

    private static List<string> Unknown(string json)
    {
        var problems = new List<string>();
        problems.AddUnknown(new ConfigNode(JsonText.Parse(Encoding.UTF8.GetBytes(json), "config"), ""), keys, "is not a key");
        return problems;
    }
}
