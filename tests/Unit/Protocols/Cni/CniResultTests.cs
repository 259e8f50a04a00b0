using System.Text;
using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Protocols.Cni;

public sealed class CniResultTests
{
    private static readonly CniResult Full = new()
    {
        Interfaces =
        [
            new CniInterface("cni0") { Mac = "aa:bb:cc:dd:ee:01" },
            new CniInterface("eth0")
            {
                Mac = "aa:bb:cc:dd:ee:02",
                Mtu = 1450,
                Sandbox = "/run/netns/x",
                SocketPath = "/s",
                PciId = "0000:00:1f.6",
            },
        ],
        IPs =
        [
            new CniIP(IPPrefix.Parse("10.1.2.5/24")) { Gateway = IPAddr.Parse("10.1.2.1"), Interface = 0 },
            new CniIP(IPPrefix.Parse("10.1.3.5/24")),
            new CniIP(IPPrefix.Parse("fd00::5/64")) { Gateway = IPAddr.Parse("fd00::1"), Interface = 1 },
        ],
        Routes =
        [
            new CniRoute(IPPrefix.Parse("0.0.0.0/0")),
            new CniRoute(IPPrefix.Parse("fd01::/16"))
            {
                Gw = IPAddr.Parse("fd00::9"),
                Mtu = 1400,
                AdvMss = 1300,
                Priority = 7,
                Table = 0,
                Scope = 253,
            },
        ],
        Dns = new CniDns
        {
            Nameservers = ["1.1.1.1"],
            Domain = "d",
            Search = ["s1", "s2"],
            Options = ["<o>"],
        },
    };

    private static string Compact(CniResult result, string version)
    {
        var text = Encoding.UTF8.GetString(CniResultWriter.Write(result, version));
        return string.Concat(text.Split('\n').Select(line => line.TrimStart(' '))).Replace("\": ", "\":", StringComparison.Ordinal);
    }

    /// <summary>What is written over several lines, with @ for the version, as <c>Compact</c> gives it.</summary>
    private static string OneLine(string text, string version) =>
        text.ReplaceLineEndings("").Replace("@", version, StringComparison.Ordinal);

    private static CniResult Read(string text, string version = "1.1.0") => CniResultReader.Read(Encoding.UTF8.GetBytes(text), version);

    [Theory]
    [InlineData("0.1.0")]
    [InlineData("0.2.0")]
    public void The_oldest_form_has_one_address_of_each_family(string version) =>
        Assert.Equal(
            OneLine(
                """
                {"cniVersion":"@",
                "ip4":{"ip":"10.1.2.5/24","gateway":"10.1.2.1","routes":[{"dst":"0.0.0.0/0"}]},
                "ip6":{"ip":"fd00::5/64","gateway":"fd00::1","routes":[{"dst":"fd01::/16","gw":"fd00::9"}]},
                "dns":{"nameservers":["1.1.1.1"],"domain":"d","search":["s1","s2"],"options":["\u003co\u003e"]}}
                """,
                version
            ),
            Compact(Full, version)
        );

    [Theory]
    [InlineData("0.3.0")]
    [InlineData("0.3.1")]
    [InlineData("0.4.0")]
    public void The_middle_form_has_lists_and_versions(string version) =>
        Assert.Equal(
            OneLine(
                """
                {"cniVersion":"@",
                "interfaces":[{"name":"cni0","mac":"aa:bb:cc:dd:ee:01"},
                {"name":"eth0","mac":"aa:bb:cc:dd:ee:02","sandbox":"/run/netns/x"}],
                "ips":[{"version":"4","interface":0,"address":"10.1.2.5/24","gateway":"10.1.2.1"},
                {"version":"4","address":"10.1.3.5/24"},
                {"version":"6","interface":1,"address":"fd00::5/64","gateway":"fd00::1"}],
                "routes":[{"dst":"0.0.0.0/0"},
                {"dst":"fd01::/16","gw":"fd00::9","mtu":1400,"advmss":1300,"priority":7,"table":0,"scope":253}],
                "dns":{"nameservers":["1.1.1.1"],"domain":"d","search":["s1","s2"],"options":["\u003co\u003e"]}}
                """,
                version
            ),
            Compact(Full, version)
        );

    [Theory]
    [InlineData("1.0.0")]
    [InlineData("1.1.0")]
    public void The_newest_form_has_its_keys_in_alphabetical_order(string version) =>
        Assert.Equal(
            OneLine(
                """
                {"cniVersion":"@",
                "dns":{"domain":"d","nameservers":["1.1.1.1"],"options":["\u003co\u003e"],"search":["s1","s2"]},
                "interfaces":[{"mac":"aa:bb:cc:dd:ee:01","name":"cni0"},
                {"mac":"aa:bb:cc:dd:ee:02","mtu":1450,"name":"eth0","pciID":"0000:00:1f.6","sandbox":"/run/netns/x","socketPath":"/s"}],
                "ips":[{"address":"10.1.2.5/24","gateway":"10.1.2.1","interface":0},
                {"address":"10.1.3.5/24"},
                {"address":"fd00::5/64","gateway":"fd00::1","interface":1}],
                "routes":[{"dst":"0.0.0.0/0"},
                {"advmss":1300,"dst":"fd01::/16","gw":"fd00::9","mtu":1400,"priority":7,"scope":253,"table":0}]}
                """,
                version
            ),
            Compact(Full, version)
        );

    [Fact]
    public void Text_is_indented_by_four_spaces_without_a_line_end() =>
        Assert.Equal(
            "{\n    \"cniVersion\": \"0.4.0\",\n    \"ips\": [\n        {\n            \"version\": \"4\",\n            \"address\": "
                + "\"10.1.2.2/24\"\n        }\n    ],\n    \"dns\": {}\n}",
            Encoding.UTF8.GetString(CniResultWriter.Write(new CniResult { IPs = [new CniIP(IPPrefix.Parse("10.1.2.2/24"))] }, "0.4.0"))
        );

    [Theory]
    [InlineData("0.4.0", """{"cniVersion":"0.4.0","dns":{}}""")]
    [InlineData("1.1.0", """{"cniVersion":"1.1.0"}""")]
    public void An_empty_result_has_dns_only_before_1_0_0(string version, string expected) =>
        Assert.Equal(expected, Compact(new CniResult(), version));

    [Theory]
    [InlineData("0.1.0")]
    [InlineData("0.2.0")]
    public void Without_an_address_the_oldest_form_is_refused(string version)
    {
        var error = Assert.Throws<CniException>(() => CniResultWriter.Write(new CniResult(), version));
        Assert.Equal(("cannot convert: no valid IP addresses", ""), (error.Message, error.Details));
        Assert.Contains("set cniVersion to 0.3.0 or later", error.Advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.1.0")]
    [InlineData("0.2.0")]
    public void The_oldest_form_of_a_link_that_wants_no_address_has_none(string version) =>
        Assert.Equal($$$"""{"cniVersion":"{{{version}}}","dns":{}}""", Compact(new CniResult { IsLayer2 = true }, version));

    [Fact]
    public void Routes_of_a_family_without_address_are_left_out_of_the_oldest_form() =>
        Assert.Equal(
            """{"cniVersion":"0.2.0","ip4":{"ip":"10.1.2.5/24"},"dns":{}}""",
            Compact(
                new CniResult { IPs = [new CniIP(IPPrefix.Parse("10.1.2.5/24"))], Routes = [new CniRoute(IPPrefix.Default(is6: true))] },
                "0.2.0"
            )
        );

    [Fact]
    public void Strings_are_escaped_as_go_escapes_them()
    {
        var result = new CniResult { Dns = new CniDns { Domain = "<>&\"\\\n\t\u0001\u007f\u2028é😀\ud800x" } };
        Assert.Equal(
            """{"cniVersion":"1.1.0","dns":{"domain":"\u003c\u003e\u0026\"\\\n\t\u0001""" + "\u007f" + """\u2028é😀\ufffdx"}}""",
            Compact(result, "1.1.0")
        );
    }

    [Fact]
    public void Every_form_is_read_back_to_itself()
    {
        foreach (var version in CniVersions.All)
        {
            var text = CniResultWriter.Write(Full, version);
            Assert.Equal(text, CniResultWriter.Write(CniResultReader.Read(text, "1.1.0"), version));
        }
    }

    [Fact]
    public void The_oldest_form_is_read_with_routes_of_both_families_in_order()
    {
        var result = Read(
            """{"ip6":{"ip":"fd00::5/64","routes":[{"dst":"::/0"}]},"IP4":{"ip":"10.1.2.5/24","gateway":"","routes":["""
                + """{"dst":"0.0.0.0/0","gw":"10.1.2.1","mtu":9}]}}""",
            "0.2.0"
        );
        Assert.Equal(["10.1.2.5/24", "fd00::5/64"], result.IPs.Select(ip => ip.Address.ToString()));
        Assert.Equal(["0.0.0.0/0", "::/0"], result.Routes.Select(route => route.Dst.ToString()));
        Assert.Equal(0, result.Routes[0].Mtu);
    }

    [Theory]
    [InlineData("", "failed to unmarshal raw result: unexpected end of JSON input")]
    [InlineData("[]", "failed to unmarshal raw result: the config wants an object, not an array")]
    [InlineData("""{"cniVersion":"7.0.0"}""", "unsupported CNI result version \"7.0.0\"")]
    [InlineData("""{"ips":[{"address":"x"}]}""", "invalid CIDR address: x")]
    [InlineData("""{"ips":[{}]}""", "ips[0].address is missing")]
    [InlineData(
        """{"ips":[{"address":"10.0.0.1/8","interface":1.0}]}""",
        "failed to load netconf: ips[0].interface wants a whole number, not the number 1.0"
    )]
    [InlineData("""{"ips":[null]}""", "failed to load netconf: ips[0] wants an object, not null")]
    public void What_is_no_result_is_refused(string text, string message)
    {
        var error = Assert.Throws<CniException>(() => Read(text));
        Assert.Equal((CniErrorCode.DecodingFailure, message), (error.Code, error.Message));
    }

    [Fact]
    public void Null_is_an_empty_result() => Assert.Empty(Read("null").IPs);
}
