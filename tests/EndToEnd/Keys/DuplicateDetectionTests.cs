using System.Diagnostics;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Keys;

public sealed class DuplicateDetectionTests
{
    private const string IPv6 = """{"ipam":{"ranges":[[{"subnet":"fd00:1::/64"}]],"routes":[{"dst":"::/0"}]}}""";

    [KernelFact]
    public void Without_enabledad_an_address_is_usable_at_once()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var config = node.BridgeConfig(IPv6);
        node.Call("ADD", pod, config).Succeeded();
        // Detection takes the kernel one second at least.
        Timing.Within(
            TimeSpan.FromSeconds(0.9),
            () =>
            {
                pod = node.AddPod();
                var time = Stopwatch.StartNew();
                node.Call("ADD", pod, config).Succeeded();
                return time.Elapsed;
            }
        );
        Assert.Equal("", pod.Tool("ip -6 addr show dev eth0 scope global tentative"));
        Assert.Equal("0", pod.ReadSysctl("net/ipv6/conf/eth0/accept_dad"));
        Assert.True(pod.Reaches("fd00:1::1"));
    }

    [KernelFact]
    public void With_enabledad_no_address_is_tentative_when_ADD_returns()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        node.Call("ADD", pod, node.BridgeConfig(IPv6).With("""{"enabledad":true}""")).Succeeded();
        Assert.DoesNotContain("tentative", pod.Tool("ip -6 addr show dev eth0"), StringComparison.Ordinal);
        Assert.Equal(["fd00:1::2/64"], pod.GlobalAddresses("eth0"));
        Assert.Equal("1", pod.ReadSysctl("net/ipv6/conf/eth0/accept_dad"));
        Assert.Equal("1", pod.ReadSysctl("net/ipv6/conf/eth0/enhanced_dad"));
        Assert.True(pod.Reaches("fd00:1::1"));
    }

    [KernelFact]
    public void With_enabledad_an_address_that_another_has_fails_ADD_and_is_undone()
    {
        using var node = new CniNode();
        var (thief, pod) = (node.AddPod(), node.AddPod());
        node.Call("ADD", thief, node.Layer2Config()).Succeeded();
        thief.Tool("ip -6 addr add fd00:1::2/64 dev eth0 nodad");
        var refused = node.Call("ADD", pod, node.BridgeConfig(IPv6).With("""{"enabledad":true}"""));
        Assert.Equal("link eth0 has address fd00:1::2 in DADFAILED state", refused.Message);
        Assert.False(pod.HasLink("eth0"));
        Assert.Empty(node.Leases());
    }

    [KernelFact]
    public void A_pod_announces_its_IPv4_address_by_itself()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        node.Call("ADD", pod, node.BridgeConfig()).Succeeded();
        Assert.Equal("1", pod.ReadSysctl("net/ipv4/conf/eth0/arp_notify"));
    }
}
