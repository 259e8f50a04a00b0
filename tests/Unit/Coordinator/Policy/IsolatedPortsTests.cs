using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Bridging;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Coordinator.Policy.Starting;
using Plugboard.Firewall.Starting;
using Plugboard.Linux;

namespace Plugboard.Tests.Unit.Coordinator.Policy;

/// <summary>Which ports of bridges are an isolated pod's.</summary>
public sealed class IsolatedPortsTests
{
    private static readonly ObjectName name = new("x", "a");
    private static readonly Attachment owner = new("cluster", "x-a", "eth0");

    private static readonly IsolatedPod pod = new(
        name,
        [IPAddr.Parse("10.244.1.2"), IPAddr.Parse("fd00:1::2")],
        IsEgress: false,
        IsIngress: true
    );

    private static PodPort Port(string port, string alias, params string[] networks) =>
        new(port, alias, IsVeth: true, networks.Select(static network => IPPrefix.Parse(network)).ToValueArray());

    private static string Find(IReadOnlyList<PodPort> ports, params PodStart[] starts) =>
        string.Join(' ', IsolatedPorts.Find([pod], starts, ports).Ingress);

    [Fact]
    public void A_reported_pod_has_the_port_with_its_alias_whatever_bridge_that_is_on()
    {
        var start = new PodStart(owner, "x", "a", pod.Addresses, 1);
        Assert.Equal("v1", Find([Port("v1", StartedPods.AliasOf(owner)!), Port("v2", "other", "10.244.1.1/24")], start));
    }

    [Fact]
    public void A_pod_that_was_not_reported_may_have_any_port_of_the_bridge_with_its_network() =>
        Assert.Equal(
            "v1 v2",
            Find([
                Port("v1", "one", "10.244.1.1/24"),
                Port("v2", "two", "fd00:1::1/64"),
                Port("v3", "three", "10.9.0.1/24"),
                Port("v4", "four"),
            ])
        );

    [Fact]
    public void If_no_bridge_has_its_network_it_may_have_any_port_of_a_bridge_without_one() =>
        Assert.Equal("v1 v2", Find([Port("v1", "one", "fe80::1/64"), Port("v2", "two"), Port("v3", "three", "10.9.0.1/24")]));
}
