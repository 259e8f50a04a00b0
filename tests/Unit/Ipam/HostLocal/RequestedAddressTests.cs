using Plugboard.Addresses;
using Plugboard.Ipam.HostLocal;
using Plugboard.Protocols.Cni;
using Plugboard.Testing.Ipam;

namespace Plugboard.Tests.Unit.Ipam.HostLocal;

public sealed class RequestedAddressTests : IDisposable
{
    private readonly IpamNetwork network = new(new HostLocalPlugin());

    public void Dispose() => network.Dispose();

    [Theory]
    [InlineData("IP=10.1.2.77", "")]
    [InlineData("IgnoreUnknown=1;K8S_POD_NAME=x;IP=10.1.2.77/16", "")]
    [InlineData("", ""","args":{"cni":{"ips":["10.1.2.77"]}}""")]
    [InlineData("", ""","RuntimeConfig":{"ips":["10.1.2.77/24"]}""")]
    [InlineData("IP=10.1.2.77", ""","runtimeConfig":{"ips":["10.1.2.77"]}""")]
    public void An_address_can_be_requested_from_each_source(string args, string more)
    {
        Assert.Equal("10.1.2.77", network.AddOne("c1", args: args, more: more));
        Assert.Equal("10.1.2.77", network.Read("last_reserved_ip.0"));
        Assert.Equal("10.1.2.78", network.AddOne("c2"));
    }

    [Fact]
    public void The_sources_add_up()
    {
        network.Config = """{"ranges":[[{"subnet":"10.1.2.0/24"}],[{"subnet":"10.1.3.0/24"}],[{"subnet":"2001:db8::/64"}]]}""";
        var result = network.Add(
            "c1",
            args: "IP=10.1.3.9",
            more: ""","args":{"cni":{"ips":["2001:db8::9"]}},"runtimeConfig":{"ips":["10.1.2.9"]}"""
        );
        Assert.Equal(["10.1.2.9/24", "10.1.3.9/24", "2001:db8::9/64"], result.IPs.Select(ip => ip.Address.ToString()));
    }

    [Fact]
    public void Asking_again_for_ones_own_address_succeeds_and_keeps_the_file()
    {
        network.Add("c1", args: "IP=10.1.2.77");
        network.Add("c2");
        Assert.Equal("10.1.2.77", network.AddOne("c1", args: "IP=10.1.2.77"));
        Assert.Equal("c1\r\neth0", network.Read("10.1.2.77"));
        Assert.Equal("10.1.2.78", network.Read("last_reserved_ip.0"));
    }

    [Fact]
    public void A_refusal_says_who_has_it()
    {
        network.Add("c1", "net7", args: "IP=10.1.2.77");
        var error = IpamNetwork.Fails(() => network.Add("c2", args: "IP=10.1.2.77"));
        Assert.Equal(
            "failed to allocate for range 0: requested IP address 10.1.2.77 is not available in range set 10.1.2.1-10.1.2.254",
            error.Message
        );
        Assert.Equal("10.1.2.77 is leased to container c1, interface net7", error.Details);
        Assert.Equal(CniErrorCode.TryAgainLater, error.Code);
    }

    [Fact]
    public void The_gateway_is_refused()
    {
        var error = IpamNetwork.Fails(() => network.Add("c1", args: "IP=10.1.2.1"));
        Assert.Equal("failed to allocate for range 0: requested ip 10.1.2.1 is subnet's gateway", error.Message);
    }

    [Theory]
    [InlineData("10.1.2.1", "subnet's gateway")]
    [InlineData("10.1.2.77", "subnet's gateway")]
    [InlineData("::ffff:10.1.2.77", "subnet's gateway")]
    [InlineData("10.1.2.0", "the network address of 10.1.2.0/24")]
    [InlineData("10.1.2.255", "the broadcast address of 10.1.2.0/24")]
    [InlineData("2001:db8::", "the subnet-router anycast address of 2001:db8::/64")]
    [InlineData("2001:db8::5", "subnet's gateway")]
    public void What_no_pod_can_have_is_refused_from_each_source(string address, string role)
    {
        network.Config = """
            {"ranges":[
              [{"subnet":"10.1.2.0/24","rangeStart":"10.1.2.0","rangeEnd":"10.1.2.255"},{"subnet":"10.1.3.0/24","gateway":"10.1.2.77"}],
              [{"subnet":"2001:db8::/64","rangeStart":"2001:db8::","gateway":"2001:db8::5"}]]}
            """;
        foreach (
            var (args, more) in new[]
            {
                ($"IP={address}", ""),
                ("", $$$""","args":{"cni":{"ips":["{{{address}}}"]}}"""),
                ("", $$$""","runtimeConfig":{"ips":["{{{address}}}"]}"""),
            }
        )
        {
            var error = IpamNetwork.Fails(() => network.Add("c1", args: args, more: more));
            Assert.Equal(CniErrorCode.InvalidNetworkConfig, error.Code);
            Assert.EndsWith($"requested ip {IPAddr.Parse(address)} is {role}", error.Message, StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists(network.Leases));
    }

    [Fact]
    public void A_routes_gateway_is_given_to_a_pod_that_requests_it_and_to_no_other()
    {
        network.Config = """{"subnet":"10.1.2.0/29","routes":[{"dst":"192.168.0.0/16","gw":"10.1.2.3"}]}""";
        Assert.Equal("10.1.2.2", network.AddOne("c1"));
        Assert.Equal("10.1.2.4", network.AddOne("c2"));
        Assert.Equal("10.1.2.3", network.AddOne("router", args: "IP=10.1.2.3"));
    }

    [Fact]
    public void What_no_range_has_is_refused_before_anything_is_touched()
    {
        var error = IpamNetwork.Fails(() =>
            network.Add("c1", args: "IP=10.1.9.77", more: ""","runtimeConfig":{"ips":["10.1.2.5","10.1.2.6"]}""")
        );
        Assert.Equal("failed to allocate all requested IPs: 10.1.9.77 10.1.2.6", error.Message);
        Assert.Equal(CniErrorCode.InvalidNetworkConfig, error.Code);
        Assert.False(Directory.Exists(network.Leases));
    }

    [Fact]
    public void A_request_skips_the_check_for_a_second_address()
    {
        network.Add("c1");
        Assert.Equal("10.1.2.77", network.AddOne("c1", args: "IP=10.1.2.77"));
        network.Del("c1");
        Assert.Equal(["last_reserved_ip.0", "lock"], network.Files());
        Assert.Empty(network.Owners());
    }

    [Theory]
    [InlineData("IP=1", "ARGS: error parsing value of pair \"IP=1\": invalid IP address 1")]
    [InlineData("IP=10.1.2.5;", "ARGS: invalid pair \"\"")]
    [InlineData("K8S_POD_NAME=x", "ARGS: unknown args [\"K8S_POD_NAME=x\"]")]
    public void Bad_CNI_ARGS_are_refused(string args, string message) =>
        Assert.Equal(message, IpamNetwork.Fails(() => network.Add("c1", args: args)).Message);

    [Theory]
    [InlineData(""","args":{"cni":{"ips":[""]}}""", "cannot understand ip: IP <nil> not v4 nor v6")]
    [InlineData(""","args":{"cni":{"ips":["10.1.2"]}}""", "invalid IP address 10.1.2")]
    [InlineData(""","runtimeConfig":{"ips":["10.1.2.5/33"]}""", "invalid IP address 10.1.2.5/33")]
    public void Bad_requests_of_the_config_are_refused(string more, string message) =>
        Assert.Equal(message, IpamNetwork.Fails(() => network.Add("c1", more: more)).Message);
}
