using Plugboard.Addresses;
using Plugboard.Bridge;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Bridge;

public sealed class AddressPlanTests
{
    private static BridgeConfig Config(string keys = "") => BridgeConfig.Parse(Request(keys));

    private static CniRequest Request(string keys)
    {
        var text = System.Text.Encoding.UTF8.GetBytes(
            $$"""{"cniVersion":"1.0.0","name":"n","type":"bridge","ipam":{"type":"other"}{{keys}}}"""
        );
        var config = NetworkConfig.Parse(text);
        return new CniRequest
        {
            Verb = CniVerb.Add,
            StdinBytes = text,
            Config = config.Root,
            NetworkName = config.Name,
            CniVersion = config.DecodeVersion(),
        };
    }

    private static CniResult Answer(string address, string? gateway = null, params CniRoute[] routes) =>
        new() { IPs = [new CniIP(IPPrefix.Parse(address)) { Gateway = gateway is null ? null : IPAddr.Parse(gateway) }], Routes = routes };

    private static CniException Refused(CniResult answer, string keys = "")
    {
        var e = Assert.Throws<CniException>(() => AddressPlan.From(answer, Config(keys)));
        Assert.Equal(CniErrorCode.InvalidNetworkConfig, e.Code);
        return e;
    }

    [Theory]
    [InlineData("0.0.0.0/24", "zeros")]
    [InlineData("::/64", "zeros")]
    [InlineData("224.0.0.5/24", "multicast")]
    [InlineData("ff02::5/64", "multicast")]
    [InlineData("127.0.0.5/8", "loopback")]
    [InlineData("::1/128", "loopback")]
    [InlineData("255.255.255.255/32", "broadcast")]
    public void An_address_that_no_interface_can_have_is_refused_by_name(string address, string reason)
    {
        var e = Refused(Answer(address));
        Assert.Contains(address, e.Message, StringComparison.Ordinal);
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.Contains("other", e.Details, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.1.0.5/24", "fd00::1", "other address family")]
    [InlineData("fd00::5/64", "10.1.0.1", "other address family")]
    [InlineData("10.1.0.5/24", "10.1.0.5", "the pod's own")]
    [InlineData("10.1.0.1/24", null, "the pod's own")]
    [InlineData("10.1.0.5/24", "224.0.0.1", "multicast")]
    public void A_gateway_that_the_bridge_cannot_have_is_refused(string address, string? gateway, string reason) =>
        Assert.Contains(reason, Refused(Answer(address, gateway), ""","isGateway":true""").Message, StringComparison.Ordinal);

    [Fact]
    public void A_gateway_of_the_other_family_is_refused_for_a_bridge_that_is_no_gateway_too() =>
        Assert.Contains("other address family", Refused(Answer("10.1.0.5/24", "fd00::1")).Message, StringComparison.Ordinal);

    [Fact]
    public void An_IPv6_address_with_an_mtu_below_1280_is_refused_by_key_and_value()
    {
        var e = Refused(Answer("fd00::5/64"), ""","mtu":1000""");
        Assert.Contains("mtu 1000", e.Message, StringComparison.Ordinal);
        Assert.Contains("1280", e.Message, StringComparison.Ordinal);
        Assert.Single(AddressPlan.From(Answer("fd00::5/64"), Config(""","mtu":1280""")).IPs);
    }

    [Theory]
    [InlineData(300, null, 0, "scope 300")]
    [InlineData(-1, null, 0, "scope -1")]
    [InlineData(null, -5, 0, "table -5")]
    [InlineData(null, null, -1, "priority -1")]
    public void A_route_with_a_number_that_the_kernel_has_no_room_for_is_refused(int? scope, int? table, int priority, string text)
    {
        var route = new CniRoute(IPPrefix.Parse("10.9.0.0/16"))
        {
            Scope = scope,
            Table = table,
            Priority = priority,
        };
        Assert.Contains(text, Refused(Answer("10.1.0.5/24", null, route)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "10.1.0.1")]
    [InlineData(0, "10.1.0.1")]
    [InlineData(200, "10.1.0.1")]
    [InlineData(253, null)]
    [InlineData(254, null)]
    public void A_route_of_scope_link_or_host_gets_no_gateway(int? scope, string? gateway)
    {
        var route = new CniRoute(IPPrefix.Parse("10.9.0.0/16")) { Scope = scope };
        Assert.Equal(gateway, AddressPlan.From(Answer("10.1.0.5/24", "10.1.0.1", route), Config()).NextHop(route)?.ToString());
    }

    [Theory]
    [InlineData("""{"ranges":[[{"subnet":"10.1.0.0/24"}],[{"subnet":"fd00:1::/64"}]]}""")]
    [InlineData("""{"subnet":"fd00:1::/64"}""")]
    [InlineData("""{"Ranges":[[{"Subnet":"fd00:1::/64"}]]}""")]
    public void A_small_mtu_is_refused_before_anything_is_made_where_host_locals_ranges_tell(string ipam)
    {
        var e = Assert.Throws<CniException>(() => Config($""","mtu":1279,"ipam":{ipam.Insert(1, "\"type\":\"host-local\",")}"""));
        Assert.Equal((CniErrorCode.InvalidNetworkConfig, "invalid mtu 1279: the IPv6 range fd00:1::/64 needs 1280"), (e.Code, e.Message));
    }

    [Fact]
    public void The_ranges_that_a_runtime_passes_count_too() =>
        Assert.Throws<CniException>(() =>
            Config(""","mtu":1000,"ipam":{"type":"host-local"},"runtimeConfig":{"ipRanges":[[{"subnet":"fd00:1::/64"}]]}""")
        );
}
