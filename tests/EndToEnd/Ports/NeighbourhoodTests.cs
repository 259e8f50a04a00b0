using System.Diagnostics;
using System.Globalization;
using System.Text;
using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>Rules of other programs on the node, before and after ours.</summary>
public sealed class NeighbourhoodTests
{
    [KernelFact]
    public void What_others_do_to_iptables_does_not_touch_published_ports()
    {
        using var node = new PortNode(bridge: static bridge => bridge["ipMasq"] = true);
        var pod = node.AddPod("8080:80");
        node.Serve(node.Other);
        foreach (var tool in (ReadOnlySpan<string>)["iptables-nft", "iptables-legacy"])
        {
            node.Node.Tool($"{tool} -t nat -A PREROUTING -p tcp --dport 9 -j RETURN");
            node.Node.Tool($"{tool} -F");
            node.Node.Tool($"{tool} -t nat -F");
            node.Node.Tool($"{tool} -t nat -X");
        }

        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
        Assert.Equal("192.0.2.1", pod.AskTcp("192.0.2.2:80"));
    }

    // As Docker and kube-proxy have them: a jump for the node's own addresses in PREROUTING and OUTPUT, a chain per port or service,
    // masquerading by mark.
    [KernelTheory]
    [InlineData("iptables-nft-restore")]
    [InlineData("iptables-legacy-restore")]
    public void Rules_as_of_Docker_and_kube_proxy_in_iptables_work_beside_ours(string restore)
    {
        using var node = new PortNode(bridge: static bridge => bridge["ipMasq"] = true);
        var pod = node.AddPod("8080:80");
        var rules = $"""
            *nat
            :DOCKER - [0:0]
            :KUBE-SERVICES - [0:0]
            :KUBE-NODEPORTS - [0:0]
            :KUBE-POSTROUTING - [0:0]
            -A PREROUTING -j KUBE-SERVICES
            -A OUTPUT -j KUBE-SERVICES
            -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
            -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
            -A POSTROUTING -j KUBE-POSTROUTING
            -A DOCKER ! -i docker0 -p tcp --dport 7070 -j DNAT --to-destination {pod.Address}:80
            -A KUBE-SERVICES -d 172.30.0.10/32 -p tcp --dport 443 -j DNAT --to-destination {pod.Address}:80
            -A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
            -A KUBE-NODEPORTS -p tcp --dport 30080 -j DNAT --to-destination {pod.Address}:80
            -A KUBE-POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE
            COMMIT

            """;
        var (exitCode, _, error) = node.Node.TryTool([restore], rules);
        Assert.True(exitCode == 0, error);
        AllPortsLead(node);
        node.AddPod("8081:80");
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8081"));
        AllPortsLead(node);
    }

    [KernelFact]
    public void Rules_as_of_kube_proxy_in_nftables_work_beside_ours()
    {
        using var node = new PortNode(bridge: static bridge => bridge["ipMasq"] = true);
        var pod = node.AddPod("8080:80");
        var rules = $$"""
            table ip kube-proxy {
              map service-ips { type ipv4_addr . inet_proto . inet_service : verdict; }
              map service-nodeports { type inet_proto . inet_service : verdict; }
              chain svc { meta l4proto tcp dnat to {{pod.Address}}:80; }
              chain services {
                ip daddr . meta l4proto . th dport vmap @service-ips
                fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @service-nodeports
              }
              chain nat-prerouting { type nat hook prerouting priority dstnat; jump services; }
              chain nat-output { type nat hook output priority -100; jump services; }
              chain nat-postrouting { type nat hook postrouting priority srcnat; meta mark & 0x4000 == 0x4000 masquerade fully-random; }
            }
            table ip docker {
              chain pre { type nat hook prerouting priority dstnat; fib daddr type local tcp dport 7070 dnat to {{pod.Address}}:80; }
            }
            add element ip kube-proxy service-ips { 172.30.0.10 . tcp . 443 : goto svc }
            add element ip kube-proxy service-nodeports { tcp . 30080 : goto svc }
            """;
        var (exitCode, _, error) = node.Node.TryTool(["nft", "-f", "-"], rules);
        Assert.True(exitCode == 0, error);
        AllPortsLead(node);
    }

    private static void AllPortsLead(PortNode node)
    {
        foreach (var port in (ReadOnlySpan<string>)["192.0.2.1:8080", "192.0.2.1:7070", "192.0.2.1:30080", "172.30.0.10:443"])
            Assert.Equal("192.0.2.2", node.Other.AskTcp(port));
    }

    [KernelFact]
    public void Two_thousand_published_ports_make_no_packet_slower()
    {
        using var node = new PortNode();
        node.AddPod("8080:80");
        var alone = FastOfConnections(node);
        var script = new StringBuilder();
        for (var port = 20_000; port < 22_000; port++)
            script.Append(
                CultureInfo.InvariantCulture,
                $"add element inet plugboard_portmap ports4 {{ tcp . {port} : 10.1.200.1 . 80 }}\n"
            );
        var (exitCode, _, error) = node.Node.TryTool(["nft", "-f", "-"], script.ToString());
        Assert.True(exitCode == 0, error);

        // A rule for each port would take it to several times as much; the rest is the machine's.
        Timing.Within(TimeSpan.FromMicroseconds(alone * 2), () => TimeSpan.FromMicroseconds(FastOfConnections(node)));
    }

    private static double FastOfConnections(PortNode node)
    {
        var times = new List<double>();
        for (var i = 0; i < 100; i++)
        {
            var begin = Stopwatch.GetTimestamp();
            Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
            times.Add(Stopwatch.GetElapsedTime(begin).TotalMicroseconds);
        }

        times.Sort();
        // The fastest tenth: the rest is what else the machine does.
        return times[times.Count / 10];
    }
}
