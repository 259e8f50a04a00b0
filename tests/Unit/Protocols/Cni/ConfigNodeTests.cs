using System.Text;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Protocols.Cni;

public sealed class ConfigNodeTests
{
    private static ConfigNode Node(string text) => new(JsonText.Parse(Encoding.UTF8.GetBytes(text), "config"), "");

    [Theory]
    [InlineData("""{"mtu":100.0}""", "failed to load netconf: mtu wants a whole number, not the number 100.0")]
    [InlineData("""{"mtu":1e3}""", "failed to load netconf: mtu wants a whole number, not the number 1e3")]
    [InlineData("""{"mtu":"5"}""", "failed to load netconf: mtu wants a whole number, not a text")]
    [InlineData("""{"mtu":2147483648}""", "failed to load netconf: mtu wants a whole number of 32 bits, not the number 2147483648")]
    public void A_number_that_go_would_refuse_is_refused(string text, string message) =>
        Assert.Equal(message, Assert.Throws<CniException>(() => Node(text).FindInt("mtu")).Message);

    [Fact]
    public void A_number_without_end_is_shortened_in_the_message() =>
        Assert.True(
            Assert.Throws<CniException>(() => Node("""{"mtu":""" + new string('1', 10_000) + "}").FindInt("mtu")).Message.Length < 200
        );

    [Theory]
    [InlineData("""{"a":true,"A":null}""", true)]
    [InlineData("""{"a":false,"A":true}""", true)]
    [InlineData("""{"a":null}""", null)]
    [InlineData("{}", null)]
    public void A_flag_may_be_absent(string text, bool? expected) => Assert.Equal(expected, Node(text).FindBool("a"));

    [Fact]
    public void A_path_leads_to_what_is_wrong()
    {
        var ranges = Node("""{"ipam":{"ranges":[[],[{"subnet":5}]]}}""").FindObject("ipam")!.Value.GetList("ranges");
        var error = Assert.Throws<CniException>(() => ranges[1].AsList()[0].FindPrefix("subnet"));
        Assert.Equal("failed to load netconf: ipam.ranges[1][0].subnet wants a text, not the number 5", error.Message);
    }

    [Fact]
    public void A_prefix_keeps_its_host_bits() => Assert.Equal("10.1.2.3/16", Node("""{"a":"10.1.2.3/16"}""").FindPrefix("a").ToString());

    [Theory]
    [InlineData("10.1.2")]
    [InlineData("0x7f.1")]
    [InlineData("fe80::1%eth0")]
    public void An_address_that_go_would_refuse_is_refused(string text) =>
        Assert.Equal(
            $"invalid IP address: {text}",
            Assert.Throws<CniException>(() => Node($$"""{"a":"{{text}}"}""").FindAddress("a")).Message
        );

    [Fact]
    public void An_empty_address_is_none() => Assert.Null(Node("""{"a":""}""").FindAddress("a"));

    [Fact]
    public void Texts_may_hold_null() => Assert.Equal(["x", ""], Node("""{"a":["x",null]}""").GetStrings("a"));
}
