using System.Text;
using Plugboard.Protocols.FlexVolume;

namespace Plugboard.Tests.Unit.Protocols.FlexVolume;

public sealed class FlexConfigTests
{
    private static FlexConfig Parse(string text) => FlexConfig.Parse(Encoding.UTF8.GetBytes(text));

    [Fact]
    public void Keys_are_read()
    {
        var config = Parse(
            """{"roots":["/a","/b"],"allowSuid":true,"mountTimeoutSeconds":5,"force":"never","mkfsOptions":{"ext4":["-N","9"]}}"""
        );
        Assert.Equal(["/a", "/b"], config.Texts("roots"));
        Assert.True(config.Flag("allowSuid"));
        Assert.Equal(TimeSpan.FromSeconds(5), config.Seconds("mountTimeoutSeconds"));
        Assert.Equal(["-N", "9"], config.Lists("mkfsOptions")!["ext4"]);
        Assert.Null(config.Texts("servers"));
    }

    [Theory]
    [InlineData("""{"root":["/a"]}""", "line 1: the node config has an unknown key \"root\"")]
    [InlineData("{\n \"shared\": {\"x\": 1},\n \"x\": true}", "line 3: the node config has an unknown key \"x\"")]
    [InlineData("[]", "the node config is not a JSON object")]
    [InlineData("", "the node config is not a JSON object: unexpected end of JSON input")]
    [InlineData(
        "\ufeff{}",
        "the node config is not a JSON object: invalid JSON at line 1, column 1: a byte order mark, save the file as UTF-8 without one"
    )]
    [InlineData(
        "{\n  \"types\": {},\n}",
        "the node config is not a JSON object: invalid JSON at line 3, column 1: the comma before it is the last one, remove it"
    )]
    [InlineData("{\n  // for tests\n}", "the node config is not a JSON object: invalid JSON at line 2, column 3: JSON has no comments")]
    [InlineData(
        "{\"a\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}",
        "the node config is not a JSON object: nested too deeply at line 1, column 21"
    )]
    public void What_is_not_known_is_refused(string text, string message) =>
        Assert.Equal(message, Assert.ThrowsAny<FlexException>(() => Parse(text)).Message);

    [Theory]
    [InlineData("""{"roots":"/a"}""")]
    [InlineData("""{"roots":[1]}""")]
    public void A_value_of_the_wrong_kind_is_refused(string text) =>
        Assert.Equal(
            "\"roots\" of the node config is not a list of texts",
            Assert.Throws<FlexException>(() => Parse(text).Texts("roots")).Message
        );

    [Theory]
    [InlineData("0")]
    [InlineData("3601")]
    [InlineData("\"5\"")]
    public void Seconds_are_from_1_to_3600(string value) =>
        Assert.Throws<FlexException>(() => Parse($$"""{"mountTimeoutSeconds":{{value}}}""").Seconds("mountTimeoutSeconds"));
}
