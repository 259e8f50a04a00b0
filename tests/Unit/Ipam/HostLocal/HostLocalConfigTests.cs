using Plugboard.Ipam.HostLocal;
using Plugboard.Protocols.Cni;
using Plugboard.Testing.Ipam;

namespace Plugboard.Tests.Unit.Ipam.HostLocal;

public sealed class HostLocalConfigTests
{
    private static HostLocalConfig Parse(string ipam, string more = "", string version = "1.1.0") =>
        HostLocalConfig.Parse(Request(ipam, more, version));

    private static CniRequest Request(string ipam, string more = "", string version = "1.1.0") =>
        IpamNetwork.Of($$"""{"cniVersion":"{{version}}","name":"test","ipam":{{ipam}}{{more}}}""", version: version);

    [Theory]
    [InlineData("""{"subnet":"10.1.2.0/24"}""", "10.1.2.1-10.1.2.254", "10.1.2.1")]
    [InlineData("""{"subnet":"2001:db8::/64"}""", "2001:db8::1-2001:db8::ffff:ffff:ffff:ffff", "2001:db8::1")]
    [InlineData("""{"subnet":"10.1.2.0/24","rangeStart":"10.1.2.0","rangeEnd":"10.1.2.255"}""", "10.1.2.0-10.1.2.255", "10.1.2.1")]
    [InlineData("""{"SUBNET":"10.1.2.0/30","RangeStart":"","gateway":"192.0.2.1"}""", "10.1.2.1-10.1.2.2", "192.0.2.1")]
    [InlineData(
        """{"ranges":[[{"subnet":"10.1.2.0/24"},{"subnet":"10.1.3.0/24"}]]}""",
        "10.1.2.1-10.1.2.254,10.1.3.1-10.1.3.254",
        "10.1.2.1"
    )]
    public void A_range_has_defaults(string ipam, string expected, string gateway)
    {
        var set = Assert.Single(Parse(ipam).RangeSets);
        Assert.Equal(expected, set.ToString());
        Assert.Equal(gateway, set.Ranges[0].Gateway.ToString());
    }

    [Fact]
    public void The_sets_are_of_the_runtime_then_the_single_range_then_ranges()
    {
        var config = Parse(
            """{"ranges":[[{"subnet":"10.3.0.0/24"}]],"subnet":"10.2.0.0/24"}""",
            ""","runtimeConfig":{"ipRanges":[[{"subnet":"10.1.0.0/24"}]]}"""
        );
        Assert.Equal(["10.1.0.1-10.1.0.254", "10.2.0.1-10.2.0.254", "10.3.0.1-10.3.0.254"], config.RangeSets.Select(set => set.ToString()));
    }

    [Theory]
    [InlineData("null", "IPAM config missing 'ipam' key")]
    [InlineData("""{}""", "no IP ranges specified")]
    [InlineData("""{"rangeStart":"10.1.2.3"}""", "no IP ranges specified")]
    [InlineData("""{"ranges":[[]]}""", "invalid range set 0: empty range set")]
    [InlineData("""{"ranges":[null]}""", "invalid range set 0: empty range set")]
    [InlineData("""{"ranges":[[{}]]}""", "invalid range set 0: IP <nil> not v4 nor v6")]
    [InlineData(
        """{"ranges":[[{"subnet":"10.1.2.0/24"}],[{"subnet":"192.0.2.7/24"}]]}""",
        "invalid range set 1: Network has host bits set. For a subnet mask of length 24 the network address is 192.0.2.0"
    )]
    [InlineData("""{"subnet":"192.0.2.0/31"}""", "invalid range set 0: Network 192.0.2.0/31 too small to allocate from")]
    [InlineData("""{"subnet":"2001:db8::/127"}""", "invalid range set 0: Network 2001:db8::/127 too small to allocate from")]
    [InlineData("""{"subnet":"::ffff:10.0.0.0/112"}""", "invalid range set 0: IPNet IP and Mask version mismatch")]
    [InlineData(
        """{"subnet":"192.0.2.0/24","rangeStart":"192.0.3.0"}""",
        "invalid range set 0: RangeStart 192.0.3.0 not in network 192.0.2.0/24"
    )]
    [InlineData(
        """{"subnet":"192.0.2.0/24","rangeStart":"192.0.2.50","rangeEnd":"192.0.2.40"}""",
        "invalid range set 0: RangeStart 192.0.2.50 not in network 192.0.2.0/24"
    )]
    [InlineData(
        """{"subnet":"192.0.2.0/24","rangeEnd":"192.0.2.0"}""",
        "invalid range set 0: RangeEnd 192.0.2.0 not in network 192.0.2.0/24"
    )]
    [InlineData(
        """{"subnet":"192.0.2.0/24","rangeEnd":"192.0.3.0"}""",
        "invalid range set 0: RangeEnd 192.0.3.0 not in network 192.0.2.0/24"
    )]
    [InlineData(
        """{"subnet":"192.0.2.0/24","rangeEnd":"2001:db8::1"}""",
        "invalid range set 0: RangeEnd 2001:db8::1 not in network 192.0.2.0/24"
    )]
    [InlineData("""{"ranges":[[{"subnet":"10.1.2.0/24"},{"subnet":"2001:db8::/64"}]]}""", "invalid range set 0: mixed address families")]
    [InlineData(
        """{"ranges":[[{"subnet":"10.1.0.0/22","rangeEnd":"10.1.3.254"},{"subnet":"10.1.2.0/24"}]]}""",
        "invalid range set 0: subnets 10.1.0.1-10.1.3.254 and 10.1.2.1-10.1.2.254 overlap"
    )]
    [InlineData("""{"ranges":[[{"subnet":"10.1.0.0/22"}],[{"subnet":"10.1.2.0/24"}]]}""", "range set 0 overlaps with 1")]
    public void What_is_wrong_is_said_in_the_references_words(string ipam, string message) => RefusedAsWrong(ipam, message);

    private static void RefusedAsWrong(string ipam, string message)
    {
        var error = Assert.Throws<CniException>(() => Parse(ipam));
        Assert.Equal(message, error.Message);
        Assert.Equal(CniErrorCode.InvalidNetworkConfig, error.Code);
        Assert.NotEmpty(error.Details + error.Advice);
    }

    [Theory]
    [InlineData(
        """{"subnet":"224.0.1.0/24"}""",
        "invalid range set 0: 224.0.1.1-224.0.1.254 overlaps with multicast (224.0.0.0/4): no pod can have such an address"
    )]
    [InlineData(
        """{"subnet":"127.0.0.0/8"}""",
        "invalid range set 0: 127.0.0.1-127.255.255.254 overlaps with loopback (127.0.0.0/8): no pod can have such an address"
    )]
    [InlineData(
        """{"subnet":"0.0.0.0/8"}""",
        "invalid range set 0: 0.0.0.1-0.255.255.254 overlaps with \"this network\" (0.0.0.0/8): no pod can have such an address"
    )]
    [InlineData(
        """{"subnet":"128.0.0.0/1"}""",
        "invalid range set 0: 128.0.0.1-255.255.255.254 overlaps with multicast (224.0.0.0/4): no pod can have such an address"
    )]
    [InlineData(
        """{"subnet":"ff05::/64"}""",
        "invalid range set 0: ff05::1-ff05::ffff:ffff:ffff:ffff overlaps with multicast (ff00::/8): no pod can have such an address"
    )]
    [InlineData(
        """{"subnet":"::/96"}""",
        "invalid range set 0: ::1-::ffff:ffff overlaps with unspecified and loopback (::/127): no pod can have such an address"
    )]
    [InlineData("""{"subnet":"::/64","rangeStart":"::1:0:0:0","gateway":"fe80::1"}""", null)]
    [InlineData(
        """{"subnet":"::/64","rangeStart":"::9"}""",
        "invalid range set 0: ::9-::ffff:ffff:ffff:ffff overlaps with mapped IPv4 (::ffff:0:0/96): no pod can have such an address"
    )]
    [InlineData("""{"subnet":"240.0.0.0/24"}""", null)]
    [InlineData("""{"subnet":"fe80::/64"}""", null)]
    [InlineData(
        """{"subnet":"10.1.2.0/24","rangeStart":"10.1.2.255","rangeEnd":"10.1.2.255"}""",
        "invalid range set 0: 10.1.2.255-10.1.2.255 has no address for a pod: 10.1.2.255 is the broadcast address of 10.1.2.0/24"
    )]
    [InlineData(
        """{"subnet":"10.1.2.0/24","rangeEnd":"10.1.2.1"}""",
        "invalid range set 0: 10.1.2.1-10.1.2.1 has no address for a pod: 10.1.2.1 is subnet's gateway"
    )]
    [InlineData(
        """{"subnet":"10.1.2.0/24","rangeStart":"10.1.2.0","rangeEnd":"10.1.2.1"}""",
        "invalid range set 0: 10.1.2.0-10.1.2.1 has no address for a pod: 10.1.2.0-10.1.2.1 are gateways, network or broadcast addresses"
    )]
    public void A_range_of_addresses_that_no_pod_can_have_is_refused(string ipam, string? message)
    {
        if (message is null)
            Parse(ipam);
        else
            RefusedAsWrong(ipam, message);
    }

    [Theory]
    [InlineData("10.51.0.0/24", "fd00::1", "is IPv6, the network 10.51.0.0/24 is IPv4")]
    [InlineData("fd00::/64", "10.0.0.1", "is IPv4, the network fd00::/64 is IPv6")]
    [InlineData("10.51.0.0/24", "10.51.0.0", "is the network address of 10.51.0.0/24")]
    [InlineData("10.51.0.0/24", "10.51.0.255", "is the broadcast address of 10.51.0.0/24")]
    [InlineData("10.51.0.0/24", "0.0.0.0", "is in \"this network\" (0.0.0.0/8): no router can have such an address")]
    [InlineData("10.51.0.0/24", "127.0.0.1", "is in loopback (127.0.0.0/8): no router can have such an address")]
    [InlineData("10.51.0.0/24", "239.1.1.1", "is in multicast (224.0.0.0/4): no router can have such an address")]
    [InlineData("10.51.0.0/24", "255.255.255.255", "is in the limited broadcast (255.255.255.255): no router can have such an address")]
    [InlineData("fd00::/64", "::1", "is in unspecified and loopback (::/127): no router can have such an address")]
    [InlineData("fd00::/64", "ff02::2", "is in multicast (ff00::/8): no router can have such an address")]
    public void A_gateway_that_no_router_can_have_is_refused(string subnet, string gateway, string why) =>
        RefusedAsWrong($$"""{"subnet":"{{subnet}}","gateway":"{{gateway}}"}""", $"invalid range set 0: gateway {gateway} {why}");

    [Theory]
    [InlineData("10.51.0.0/24", "10.52.0.1")]
    [InlineData("fd00::/64", "fe80::1")]
    [InlineData("fd00::/64", "fd00::")]
    public void A_gateway_outside_of_the_subnet_is_the_callers_to_reach_as_with_the_reference(string subnet, string gateway) =>
        Assert.Equal(gateway, Parse($$"""{"subnet":"{{subnet}}","gateway":"{{gateway}}"}""").RangeSets[0].Ranges[0].Gateway.ToString());

    [Theory]
    [InlineData("""{"dst":"10.1.2.3/24"}""", "dst 10.1.2.3/24 has host bits set: the network is 10.1.2.0/24, the single host 10.1.2.3/32")]
    [InlineData("""{"dst":"10.0.0.1/0"}""", "dst 10.0.0.1/0 has host bits set: the network is 0.0.0.0/0, the single host 10.0.0.1/32")]
    [InlineData("""{"dst":"0.0.0.0/0","gw":"fd00::1"}""", "gw fd00::1 is IPv6, the route's dst 0.0.0.0/0 is IPv4")]
    [InlineData("""{"dst":"::/0","gw":"10.1.2.1"}""", "gw 10.1.2.1 is IPv4, the route's dst ::/0 is IPv6")]
    [InlineData("""{"dst":"::/0","gw":"0.0.0.0"}""", "gw 0.0.0.0 is IPv4, the route's dst ::/0 is IPv6")]
    [InlineData(
        """{"dst":"0.0.0.0/0","gw":"127.0.0.1"}""",
        "gw 127.0.0.1 is in loopback (127.0.0.0/8): no router can have such an address"
    )]
    [InlineData(
        """{"dst":"0.0.0.0/0","gw":"224.0.0.5"}""",
        "gw 224.0.0.5 is in multicast (224.0.0.0/4): no router can have such an address"
    )]
    [InlineData(
        """{"dst":"169.254.1.1/32","gw":"10.1.2.1","scope":253}""",
        "gw 10.1.2.1 contradicts scope 253: such a route has no gateway"
    )]
    [InlineData(
        """{"dst":"169.254.1.1/32","gw":"10.1.2.1","scope":254}""",
        "gw 10.1.2.1 contradicts scope 254: such a route has no gateway"
    )]
    [InlineData(
        """{"dst":"169.254.1.1/32","scope":255}""",
        "scope 255 is invalid for a route: 0 is global, 253 on the link, 254 on the host"
    )]
    [InlineData("""{"dst":"169.254.1.1/32","scope":-1}""", "scope -1 of a route is negative")]
    [InlineData("""{"dst":"0.0.0.0/0","mtu":-1}""", "mtu -1 of a route is negative")]
    [InlineData("""{"dst":"0.0.0.0/0","priority":-1}""", "priority -1 of a route is negative")]
    [InlineData("""{"dst":"0.0.0.0/0","priority":4294967296}""", "priority 4294967296 of a route is above 4294967295")]
    [InlineData("""{"dst":"0.0.0.0/0","table":-1}""", "table -1 of a route is negative")]
    public void A_route_that_no_kernel_takes_is_refused(string route, string message) =>
        RefusedAsWrong($$"""{"subnet":"10.1.2.0/24","routes":[{{route}}]}""", message);

    [Theory]
    [InlineData("""{"dst":"169.254.1.1/32","scope":253}""")]
    [InlineData("""{"dst":"169.254.1.1/32","gw":"0.0.0.0","scope":253}""")]
    [InlineData("""{"dst":"0.0.0.0/0","gw":"0.0.0.0"}""")]
    [InlineData("""{"dst":"0.0.0.0/0","gw":"192.0.2.1"}""")]
    [InlineData("""{"dst":"::/0","gw":"fe80::1","scope":253}""")]
    public void A_route_that_some_kernel_takes_is_copied(string route)
    {
        var parsed = Parse($$"""{"subnet":"10.1.2.0/24","routes":[{{route}}]}""").Routes[0];
        Assert.Equal(route.Contains("gw", StringComparison.Ordinal), parsed.Gw is not null);
    }

    [Theory]
    [InlineData(
        """[{"subnet":"10.1.0.0/16","rangeStart":"10.1.9.0","rangeEnd":"10.1.9.9"},"""
            + """{"subnet":"10.1.0.0/16","rangeStart":"10.1.1.0","rangeEnd":"10.1.9.0"}]""",
        "invalid range set 0: subnets 10.1.9.0-10.1.9.9 and 10.1.1.0-10.1.9.0 overlap"
    )]
    [InlineData(
        """[{"subnet":"10.1.0.0/24"},{"subnet":"10.2.0.0/24"},{"subnet":"10.1.0.0/24"}]""",
        "invalid range set 0: subnets 10.1.0.1-10.1.0.254 and 10.1.0.1-10.1.0.254 overlap"
    )]
    public void Ranges_of_a_set_overlap_in_whatever_order_they_are(string set, string message) =>
        RefusedAsWrong($$"""{"ranges":[{{set}}]}""", message);

    [Fact]
    public void Fifteen_thousand_range_sets_are_read_and_two_that_overlap_among_them_are_found()
    {
        var sets = string.Join(',', Enumerable.Range(0, 15_000).Select(i => $$"""[{"subnet":"10.{{i / 256}}.{{i % 256}}.0/24"}]"""));
        Assert.Equal(15_000, Parse($$"""{"ranges":[{{sets}}]}""").RangeSets.Count);
        RefusedAsWrong($$"""{"ranges":[{{sets}},[{"subnet":"10.7.7.0/24"}]]}""", "range set 1799 overlaps with 15000");
    }

    [Theory]
    [InlineData("""{"subnet":"10.1.2.0"}""", "invalid CIDR address: 10.1.2.0")]
    [InlineData("""{"subnet":""}""", "invalid CIDR address: ")]
    [InlineData("""{"subnet":"10.1.2.0/24","gateway":"10.1.2"}""", "invalid IP address: 10.1.2")]
    [InlineData("""{"subnet":"10.1.2.0/24","routes":[{"dst":"x"}]}""", "invalid CIDR address: x")]
    public void What_cannot_be_decoded_has_code_6(string ipam, string message)
    {
        var error = Assert.Throws<CniException>(() => Parse(ipam));
        Assert.Equal(message, error.Message);
        Assert.Equal(CniErrorCode.DecodingFailure, error.Code);
    }

    [Theory]
    [InlineData("""{"subnet":7}""")]
    [InlineData("""{"ranges":{}}""")]
    [InlineData("""{"ranges":[{}]}""")]
    [InlineData("""{"ranges":[[7]]}""")]
    [InlineData("""{"subnet":"10.1.2.0/24","dataDir":[]}""")]
    [InlineData("""{"subnet":"10.1.2.0/24","routes":[{"dst":"0.0.0.0/0","mtu":"x"}]}""")]
    [InlineData("7")]
    public void A_wrong_type_has_code_6(string ipam) =>
        Assert.Equal(CniErrorCode.DecodingFailure, Assert.Throws<CniException>(() => Parse(ipam)).Code);

    [Theory]
    [InlineData("0.2.0")]
    [InlineData("0.1.0")]
    public void Old_versions_have_one_address_of_a_family(string version)
    {
        const string Two = """{"ranges":[[{"subnet":"10.1.2.0/24"}],[{"subnet":"10.1.3.0/24"}]]}""";
        var error = Assert.Throws<CniException>(() => Parse(Two, version: version));
        Assert.Equal(($"CNI version {version} does not support more than 1 address per family", ""), (error.Message, error.Details));
        Assert.Equal("correct ipam.ranges in the network config", error.Advice);
        Assert.Equal(2, Parse(Two, version: "0.3.0").RangeSets.Count);
        Assert.Equal(
            2,
            Parse("""{"ranges":[[{"subnet":"10.1.2.0/24"}],[{"subnet":"2001:db8::/64"}]]}""", version: version).RangeSets.Count
        );
    }

    [Fact]
    public void The_validator_says_all_that_is_wrong_with_the_keys_paths()
    {
        var problems = new HostLocalPlugin().Validate(
            Request(
                """{"dataDir":7,"ranges":[[{"subnet":"10.1.2.0/31"},{"subnet":"x"}],[]],"routes":[{}]}""",
                ""","runtimeConfig":{"ips":["y"]}"""
            )
        );
        Assert.Equal(
            [
                "ipam.dataDir: failed to load netconf: ipam.dataDir wants a text, not the number 7",
                "runtimeConfig.ips: invalid IP address y",
                "ipam.ranges[0][0].subnet: invalid range set 0: Network 10.1.2.0/31 too small to allocate from",
                "ipam.ranges[0][1].subnet: invalid CIDR address: x",
                "ipam.ranges[1]: invalid range set 1: empty range set",
                "ipam.routes[0].dst: a route needs a dst",
            ],
            problems
        );
        Assert.Empty(new HostLocalPlugin().Validate(Request("""{"subnet":"10.1.2.0/24"}""")));
    }

    [Fact]
    public void The_data_directory_has_a_default()
    {
        Assert.Equal("/var/lib/cni/networks", Parse("""{"subnet":"10.1.2.0/24"}""").DataDir);
        Assert.Equal("/x", Parse("""{"subnet":"10.1.2.0/24","dataDir":"/x"}""").DataDir);
    }
}
