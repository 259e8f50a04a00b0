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
    [InlineData("""{"ranges":[[{"subnet":"10.1.2.0/24"},{"subnet":"10.1.3.0/24"}]]}""", "10.1.2.1-10.1.2.254,10.1.3.1-10.1.3.254", "10.1.2.1")]
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
            """{"ranges":[[{"subnet":"10.3.0.0/24"}]],"subnet":"10.2.0.0/24"}""", ""","runtimeConfig":{"ipRanges":[[{"subnet":"10.1.0.0/24"}]]}""");
        Assert.Equal(["10.1.0.1-10.1.0.254", "10.2.0.1-10.2.0.254", "10.3.0.1-10.3.0.254"], config.RangeSets.Select(set => set.ToString()));
    }

    [Theory]
    [InlineData("null", "IPAM config missing 'ipam' key")]
    [InlineData("""{}""", "no IP ranges specified")]
    [InlineData("""{"rangeStart":"10.1.2.3"}""", "no IP ranges specified")]
    [InlineData("""{"ranges":[[]]}""", "invalid range set 0: empty range set")]
    [InlineData("""{"ranges":[null]}""", "invalid range set 0: empty range set")]
    [InlineData("""{"ranges":[[{}]]}""", "invalid range set 0: IP <nil> not v4 nor v6")]
    [InlineData("""{"ranges":[[{"subnet":"10.1.2.0/24"}],[{"subnet":"192.0.2.7/24"}]]}""", "invalid range set 1: Network has host bits set. For a subnet mask of length 24 the network address is 192.0.2.0")]
    [InlineData("""{"subnet":"192.0.2.0/31"}""", "invalid range set 0: Network 192.0.2.0/31 too small to allocate from")]
    [InlineData("""{"subnet":"2001:db8::/127"}""", "invalid range set 0: Network 2001:db8::/127 too small to allocate from")]
    [InlineData("""{"subnet":"::ffff:10.0.0.0/112"}""", "invalid range set 0: IPNet IP and Mask version mismatch")]
    [InlineData("""{"subnet":"192.0.2.0/24","rangeStart":"192.0.3.0"}""", "invalid range set 0: RangeStart 192.0.3.0 not in network 192.0.2.0/24")]
    [InlineData("""{"subnet":"192.0.2.0/24","rangeStart":"192.0.2.50","rangeEnd":"192.0.2.40"}""", "invalid range set 0: RangeStart 192.0.2.50 not in network 192.0.2.0/24")]
    [InlineData("""{"subnet":"192.0.2.0/24","rangeEnd":"192.0.3.0"}""", "invalid range set 0: RangeEnd 192.0.3.0 not in network 192.0.2.0/24")]
    [InlineData("""{"subnet":"192.0.2.0/24","rangeEnd":"2001:db8::1"}""", "invalid range set 0: RangeEnd 2001:db8::1 not in network 192.0.2.0/24")]
    [InlineData("""{"ranges":[[{"subnet":"10.1.2.0/24"},{"subnet":"2001:db8::/64"}]]}""", "invalid range set 0: mixed address families")]
    [InlineData("""{"ranges":[[{"subnet":"10.1.0.0/22","rangeEnd":"10.1.3.254"},{"subnet":"10.1.2.0/24"}]]}""", "invalid range set 0: subnets 10.1.0.1-10.1.3.254 and 10.1.2.1-10.1.2.254 overlap")]
    [InlineData("""{"ranges":[[{"subnet":"10.1.0.0/22"}],[{"subnet":"10.1.2.0/24"}]]}""", "range set 0 overlaps with 1")]
    public void What_is_wrong_is_said_in_the_references_words(string ipam, string message)
    {
        var error = Assert.Throws<CniException>(() => Parse(ipam));
        Assert.Equal(message, error.Message);
        Assert.Equal(CniErrorCode.InvalidNetworkConfig, error.Code);
        Assert.NotEmpty(error.Details);
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
        Assert.Equal($"CNI version {version} does not support more than 1 address per family", error.Message);
        Assert.Equal(2, Parse(Two, version: "0.3.0").RangeSets.Count);
        Assert.Equal(2, Parse("""{"ranges":[[{"subnet":"10.1.2.0/24"}],[{"subnet":"2001:db8::/64"}]]}""", version: version).RangeSets.Count);
    }

    [Fact]
    public void The_validator_says_all_that_is_wrong_with_the_keys_paths()
    {
        var problems = new HostLocalPlugin().Validate(Request(
            """{"dataDir":7,"ranges":[[{"subnet":"10.1.2.0/31"},{"subnet":"x"}],[]],"routes":[{}]}""", ""","runtimeConfig":{"ips":["y"]}"""));
        Assert.Equal(
            [
                "ipam.dataDir: failed to load netconf: ipam.dataDir wants a text, not the number 7",
                "runtimeConfig.ips: invalid IP address y",
                "ipam.ranges[0][0].subnet: invalid range set 0: Network 10.1.2.0/31 too small to allocate from",
                "ipam.ranges[0][1].subnet: invalid CIDR address: x",
                "ipam.ranges[1]: invalid range set 1: empty range set",
                "ipam.routes[0].dst: a route wants a dst",
            ],
            problems);
        Assert.Empty(new HostLocalPlugin().Validate(Request("""{"subnet":"10.1.2.0/24"}""")));
    }

    [Fact]
    public void The_data_directory_has_a_default()
    {
        Assert.Equal("/var/lib/cni/networks", Parse("""{"subnet":"10.1.2.0/24"}""").DataDir);
        Assert.Equal("/x", Parse("""{"subnet":"10.1.2.0/24","dataDir":"/x"}""").DataDir);
    }
}
