using Plugboard.Firewall.Conditions;

namespace Plugboard.Tests.Unit.Firewall.Nftables;

public sealed class NftConditionsTests
{
    [Theory]
    [InlineData("ip saddr 10.0.0.1", "ip saddr 10.0.0.1")]
    [InlineData("ip daddr != 10.1.2.3/8", "ip daddr != 10.0.0.0/8")]
    [InlineData("ip saddr 10.0.0.0-10.0.0.255", "ip saddr 10.0.0.0/24")]
    [InlineData("ip saddr 10.0.0.1-10.0.0.3", "ip saddr 10.0.0.1-10.0.0.3")]
    [InlineData("ip saddr == 10.0.0.1 ip daddr eq 10.0.0.2", "ip saddr 10.0.0.1 ip daddr 10.0.0.2")]
    [InlineData("tcp dport 80", "tcp dport 80")]
    [InlineData("udp sport ne 1024-65535", "udp sport != 1024-65535")]
    [InlineData("sctp dport 5", "sctp dport 5")]
    [InlineData("th sport 0 th dport 65535", "th sport 0 th dport 65535")]
    [InlineData("meta mark 0x2000 meta mark != 7", "meta mark 0x00002000 meta mark != 0x00000007")]
    [InlineData("meta l4proto tcp", "meta l4proto tcp")]
    [InlineData("meta iifname eth0 oifname != \"eth1\"", "iifname \"eth0\" oifname != \"eth1\"")]
    [InlineData("ct state new,established", "ct state new,established")]
    [InlineData("ct mark 0xFFFFFFFF", "ct mark 0xffffffff")]
    [InlineData("fib daddr type local", "fib daddr type local")]
    [InlineData("ip saddr { 10.0.0.0/8, 192.168.1.1 }", "ip saddr { 10.0.0.0/8, 192.168.1.1 }")]
    [InlineData("ip saddr !={192.168.1.1,10.0.0.1-10.0.0.9}", "ip saddr != { 10.0.0.1-10.0.0.9, 192.168.1.1 }")]
    [InlineData("tcp dport {443,80,81-90} ct state new,related", "tcp dport { 80-90, 443 } ct state new,related")]
    [InlineData("tcp dport { 22 }", "tcp dport { 22 }")]
    public void Conditions_of_IPv4(string text, string read)
    {
        Assert.Equal(read, string.Join(' ', NftConditions.Parse([text], is6: false)));
        Assert.Equal(read, string.Join(' ', NftConditions.Parse(text.Split(' '), is6: false)));
    }

    [Theory]
    [InlineData("ip6 saddr 2001:db8::/32", "ip6 saddr 2001:db8::/32")]
    [InlineData("ip6 daddr != ::1-::ffff", "ip6 daddr != ::1-::ffff")]
    [InlineData("ip6 daddr { ::1, fe80::/10 }", "ip6 daddr { ::1, fe80::/10 }")]
    public void Conditions_of_IPv6(string text, string read) =>
        Assert.Equal(read, string.Join(' ', NftConditions.Parse([text], is6: true)));

    [Fact]
    public void No_conditions() => Assert.Empty(NftConditions.Parse([], is6: false));

    [Theory]
    [InlineData("counter", "counter", "\"counter\" is an unknown condition")]
    [InlineData("ip6 saddr ::1", "ip6", "\"ip6\" does not go with conditionsV4")]
    [InlineData("ip version 4", "version", "\"ip version\" is not understood: saddr or daddr is")]
    [InlineData("ip", "", "the conditions end where saddr or daddr is wanted")]
    [InlineData("ip saddr", "", "the conditions end where a value is wanted")]
    [InlineData("ip saddr !=", "", "the conditions end where a value is wanted")]
    [InlineData("ip saddr ::1", "::1", "\"::1\" is not an IPv4 address, network or range")]
    [InlineData("ip saddr 10.0.0.0/33", "10.0.0.0/33", "\"10.0.0.0/33\" is not an IPv4 address, network or range")]
    [InlineData(
        "ip saddr 10.0.0.1-10.0.0.2-10.0.0.3",
        "10.0.0.1-10.0.0.2-10.0.0.3",
        "\"10.0.0.1-10.0.0.2-10.0.0.3\" is not an IPv4 address, network or range"
    )]
    [InlineData("ip saddr 10.0.0.9-10.0.0.1", "10.0.0.9-10.0.0.1", "\"10.0.0.9-10.0.0.1\" ends before it begins")]
    [InlineData("ip saddr { 10.0.0.1, x }", "x", "\"x\" is not an IPv4 address, network or range")]
    [InlineData("ip saddr { 10.0.0.1 10.0.0.2 }", "10.0.0.2", "\"10.0.0.2\" stands where , or } is wanted")]
    [InlineData("ip saddr { 10.0.0.1", "", "the conditions end where , or } is wanted")]
    [InlineData("ip saddr {}", "}", "\"}\" is not an IPv4 address, network or range")]
    [InlineData("tcp flags syn", "flags", "\"tcp flags\" is not understood: sport or dport is")]
    [InlineData("tcp dport http", "http", "\"http\" is not a port or range of ports")]
    [InlineData("tcp dport 65536", "65536", "\"65536\" is not a port or range of ports")]
    [InlineData("tcp dport +80", "+80", "\"+80\" is not a port or range of ports")]
    [InlineData("tcp dport 9-1", "9-1", "\"9-1\" ends before it begins")]
    [InlineData("tcp dport { 80, }", "}", "\"}\" is not a port or range of ports")]
    [InlineData("tcp", "", "the conditions end where sport or dport is wanted")]
    [InlineData("meta", "", "the conditions end where iifname, oifname, mark or l4proto is wanted")]
    [InlineData("meta cpu 1", "cpu", "\"meta cpu\" is not understood: iifname, oifname, mark and l4proto are")]
    [InlineData("meta l4proto icmp", "icmp", "\"icmp\" is not tcp, udp or sctp")]
    [InlineData("meta mark x", "x", "\"x\" is not a mark")]
    [InlineData("meta mark 0x100000000", "0x100000000", "\"0x100000000\" is not a mark")]
    [InlineData("meta mark { 1, 2 }", "{", "\"{\" is not a mark")]
    [InlineData("iifname \"\"", "\"\"", "\"\" is not a valid link name")]
    [InlineData("iifname eth*", "eth*", "\"eth*\" is not a valid link name")]
    [InlineData("oifname sixteen-letters-", "sixteen-letters-", "\"sixteen-letters-\" is not a valid link name")]
    [InlineData("oifname äääääääääää", "äääääääääää", "\"äääääääääää\" is not a valid link name")]
    [InlineData("ct", "", "the conditions end where state or mark is wanted")]
    [InlineData("ct state != new", "state", "\"ct state !=\" is not understood: ct state and ct mark are")]
    [InlineData("ct zone 1", "zone", "\"ct zone\" is not understood: ct state and ct mark are")]
    [InlineData("ct state old", "old", "\"old\" is not a state of a flow")]
    [InlineData("ct mark -1", "-1", "\"-1\" is not a mark")]
    [InlineData("fib saddr type local", "fib", "\"fib saddr type local\" is not understood: fib daddr type local is")]
    [InlineData("fib daddr", "", "the conditions end where type is wanted")]
    public void What_is_not_understood_is_said(string text, string word, string message)
    {
        var refused = Assert.Throws<ConditionException>(() => NftConditions.Parse([text], is6: false));
        Assert.Equal((word, message), (refused.Word, refused.Message));
    }

    [Fact]
    public void IPv4_does_not_go_with_conditions_of_IPv6()
    {
        Assert.Equal(
            "\"ip\" does not go with conditionsV6",
            Assert.Throws<ConditionException>(() => NftConditions.Parse(["ip saddr 10.0.0.1"], is6: true)).Message
        );
        Assert.Equal(
            "\"10.0.0.1\" is not an IPv6 address, network or range",
            Assert.Throws<ConditionException>(() => NftConditions.Parse(["ip6 saddr 10.0.0.1"], is6: true)).Message
        );
    }
}
