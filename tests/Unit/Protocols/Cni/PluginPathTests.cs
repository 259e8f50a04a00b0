using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Protocols.Cni;

public sealed class PluginPathTests
{
    [Theory]
    [InlineData("", "/a", "no plugin name provided")]
    [InlineData("a/b", "/a", "invalid plugin name: a/b")]
    [InlineData("x", "", "no paths provided")]
    public void A_name_and_a_path_are_required(string type, string path, string message) =>
        Assert.Equal(message, Assert.Throws<CniException>(() => PluginPath.Directories(type, path)).Message);

    [Fact]
    public void What_is_not_found_is_said_with_all_directories() =>
        Assert.Equal(
            "failed to find plugin \"host-local\" in path [/a /b]",
            PluginPath.NotFound("host-local", PluginPath.Directories("host-local", "/a:/b")).Message
        );
}
