using System.Text;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Protocols.Cni;

public sealed class NetworkConfigTests
{
    private static NetworkConfig Parse(string text) => NetworkConfig.Parse(Encoding.UTF8.GetBytes(text));

    private static CniException Refused(string text) => Assert.Throws<CniException>(() => Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("  \n")]
    [InlineData("{")]
    [InlineData("""{"name":"n" """)]
    [InlineData("""{"name":"n",""")]
    [InlineData("""{"name":"n","x":tru""")]
    public void What_ends_too_early_is_said_in_the_words_of_the_reference(string text)
    {
        var error = Refused(text);
        Assert.Equal(
            (CniErrorCode.DecodingFailure, "error unmarshall network config: unexpected end of JSON input"),
            (error.Code, error.Message)
        );
    }

    [Theory]
    [InlineData("""{"name":"n"} x""", "line 1, column 14: the JSON ends before it")]
    [InlineData("""{"name":"n"}{}""", "line 1, column 13: the JSON ends before it")]
    [InlineData("{\"name\":\"n\"}\n}", "line 2, column 1: the JSON ends before it")]
    [InlineData("{\"name\":\"n\"\n\"mtu\":1500}", "line 2, column 1: a comma is missing before it")]
    [InlineData("""{"mtu":1500 "name":"n"}""", "line 1, column 13: a comma is missing before it")]
    [InlineData("""{"plugins":[{} {}]}""", "line 1, column 16: a comma is missing before it")]
    [InlineData("""{"name" "n"}""", "line 1, column 9: a colon is missing before it")]
    [InlineData("""{"name" = "n"}""", "line 1, column 9: a colon is missing before it")]
    [InlineData("{\n \"name\": 'n'}", "line 2, column 10: text needs double quotes")]
    [InlineData("""{"name":"n",}""", "line 1, column 13: the comma before it is the last one, remove it")]
    [InlineData("{\"name\":\"n\",\n\"plugins\":[{},\r\n ]}", "line 3, column 2: the comma before it is the last one, remove it")]
    [InlineData("""{"name":"n" /* comment */}""", "line 1, column 13: JSON has no comments")]
    [InlineData("{\n# comment\n}", "line 2, column 1: JSON has no comments")]
    [InlineData("\ufeff{}", "line 1, column 1: a byte order mark, save the file as UTF-8 without one")]
    public void What_is_no_json_is_reported_with_its_place(string text, string place)
    {
        var error = Refused(text);
        Assert.Equal(CniErrorCode.DecodingFailure, error.Code);
        Assert.Equal($"error unmarshall network config: invalid JSON at {place}", error.Message);
    }

    [Fact]
    public void Deep_nesting_is_an_error()
    {
        var error = Refused("""{"name":"n","x":""" + new string('[', 100_000));
        Assert.StartsWith("error unmarshall network config: nested too deeply", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"name":""}""")]
    [InlineData("""{"name":null}""")]
    public void A_name_is_required(string text)
    {
        var error = Refused(text);
        Assert.Equal((CniErrorCode.InvalidNetworkConfig, "missing network name"), (error.Code, error.Message));
    }

    [Theory]
    [InlineData("-n")]
    [InlineData("a b")]
    [InlineData("n/")]
    public void A_name_of_other_characters_is_refused(string name)
    {
        var error = Refused($$"""{"name":"{{name}}"}""");
        Assert.Equal(
            (CniErrorCode.InvalidNetworkConfig, "invalid characters found in network name", name),
            (error.Code, error.Message, error.Details)
        );
    }

    [Theory]
    [InlineData("[]", "the config wants an object, not an array")]
    [InlineData("\"x\"", "the config wants an object, not a text")]
    [InlineData("""{"name":5}""", "name wants a text, not the number 5")]
    [InlineData("""{"NAME":{}}""", "name wants a text, not an object")]
    public void What_is_of_the_wrong_type_is_named(string text, string what)
    {
        var error = Refused(text);
        Assert.Equal((CniErrorCode.DecodingFailure, "error unmarshall network config: " + what), (error.Code, error.Message));
    }

    [Theory]
    [InlineData("""{"Name":"n"}""")]
    [InlineData("""{"name":"x","NAME":"n"}""")]
    [InlineData("""{"name":"n","name":null}""")]
    [InlineData("""{"name":"n","\ud800":1,"unknown":[1.5e300]}""")]
    [InlineData("""{"n\u0061me":"\u006e"}""")]
    public void Keys_are_read_as_go_reads_them(string text) => Assert.Equal("n", Parse(text).Name);

    [Fact]
    public void A_lone_surrogate_becomes_the_replacement_character()
    {
        Assert.Equal("a\ufffd\"b😀\n", Parse("""{"name":"n","x":"a\ud800\"b\ud83d\ude00\n"}""").Root.GetString("x"));
        Assert.Equal("invalid characters found in network name", Refused("""{"name":"n\udc00"}""").Message);
    }

    [Fact]
    public void Bytes_that_are_no_utf8_become_replacement_characters()
    {
        var config = NetworkConfig.Parse([.. "{\"name\":\"n\",\"x\":\"a"u8, 0xff, .. "b\",\""u8, 0xc3, .. "\":1}"u8]);
        Assert.Equal("a\ufffdb", config.Root.GetString("x"));
    }

    [Theory]
    [InlineData("""{"name":"n"}""", "0.1.0")]
    [InlineData("""{"name":"n","cniVersion":""}""", "0.1.0")]
    [InlineData("""{"name":"n","cniVersion":null}""", "0.1.0")]
    [InlineData("""{"name":"n","CNIVersion":"9"}""", "9")]
    public void The_version_has_a_default(string text, string version) => Assert.Equal(version, Parse(text).DecodeVersion());

    [Fact]
    public void A_version_that_is_no_text_is_refused()
    {
        var error = Assert.Throws<CniException>(() => Parse("""{"name":"n","cniVersion":1.0}""").DecodeVersion());
        Assert.Equal(
            (CniErrorCode.DecodingFailure, "decoding version from network config: cniVersion wants a text, not the number 1.0"),
            (error.Code, error.Message)
        );
    }
}
