using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;
using Plugboard.Tests.EndToEnd.Ports;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>ptp beside the reference's: a pair to each pod, and routes on the node.</summary>
public sealed class PtpTests
{
    [KernelTheory]
    [InlineData("plain")]
    [InlineData("dual stack")]
    [InlineData("mtu")]
    public void Two_pods_come_and_go_as_with_the_reference(string name) =>
        Transcript.AssertSame(
            PluginDirectory.Reference,
            PluginDirectory.Ours,
            exactErrors: false,
            transcript =>
            {
                var node = transcript.Node;
                var config = Config(node, name);
                foreach (var pod in (CniPod[])[node.AddPod(), node.AddPod()])
                {
                    transcript.Call("ADD", pod, config).Succeeded();
                    Note(transcript, pod);
                    transcript.NoteFiles();
                    transcript.Call("CHECK", pod, config).Succeeded();
                    transcript.Call("DEL", pod, config).Succeeded();
                    transcript.Call("DEL", pod, config).Succeeded();
                    transcript.NoteFiles();
                }
            }
        );

    // Without the flags of addresses: ours has no route of the kernel's to take away.
    private static void Note(Transcript transcript, CniPod pod)
    {
        foreach (var family in (string[])["-4", "-6"])
        {
            transcript.Note(pod.ContainerId, pod.Tool($"ip {family} route show dev eth0"));
            transcript.Note("node", transcript.Node.Tool($"ip {family} route show"));
        }

        transcript.Note(
            pod.ContainerId,
            string.Join(
                ' ',
                pod.Tool("ip -br address show eth0")
                    .Split(' ')
                    .Where(static word => word.Contains('/') && !word.StartsWith("fe80", StringComparison.Ordinal))
            )
        );
        transcript.Note("node", transcript.Node.Tool("ip -4 -o address show"));
    }

    // The node's end has the gateway, so it is on the pod's link. The reference: "network is unreachable", and of /32 "no such process".
    [KernelTheory]
    [InlineData("10.5.0.2/24", "169.254.1.1", "0.0.0.0/0", "198.51.100.7")]
    [InlineData("10.5.0.2/32", "169.254.1.1", "0.0.0.0/0", "198.51.100.7")]
    [InlineData("fd05::2/128", "fd06::1", "::/0", "fd77::7")]
    public void A_gateway_may_lie_outside_of_the_pods_network(string address, string gateway, string route, string beyond)
    {
        using var node = new CniNode();
        node.Tool($"ip address add {beyond}/{(beyond.Contains(':') ? 128 : 32)} dev lo");
        var ipam = $$"""{"type":"static","addresses":[{"address":"{{address}}","gateway":"{{gateway}}"}],"routes":[{"dst":"{{route}}"}]}""";
        var config = JsonNode.Parse($$"""{"cniVersion":"1.0.0","name":"test","type":"ptp","ipam":{{ipam}}}""")!.AsObject();
        var pod = node.AddPod();
        node.Call("ADD", pod, config).Succeeded();
        Assert.True(pod.Reaches(gateway));
        Assert.True(pod.Reaches(beyond));
        node.Call("CHECK", pod, config).Succeeded();
        node.Call("DEL", pod, config).Succeeded();
    }

    [KernelFact]
    public void Pods_reach_each_other_and_the_node_in_both_families()
    {
        using var node = new CniNode();
        var config = Config(node, "dual stack");
        var (one, two) = (node.AddPod(), node.AddPod());
        node.Call("ADD", one, config).Succeeded();
        node.Call("ADD", two, config).Succeeded();

        foreach (var ip in two.Result!["ips"]!.AsArray())
        {
            one.Tool($"ping -c 1 -W 2 {((string)ip!["address"]!).Split('/')[0]}");
            one.Tool($"ping -c 1 -W 2 {ip["gateway"]}");
            node.Tool($"ping -c 1 -W 2 {((string)ip["address"]!).Split('/')[0]}");
        }

        node.Call("CHECK", one, config).Succeeded();
    }

    // The reference's ADD fails when the pair is made.
    [KernelFact]
    public void A_pod_may_have_several_addresses_with_one_gateway_and_one_that_is_a_network_of_its_own()
    {
        using var node = new CniNode();
        var config = Config(node, "plain");
        config["ipam"] = JsonNode.Parse(
            """
            {"type":"static","addresses":[{"address":"10.9.0.5/32","gateway":"10.9.0.1"},{"address":"10.9.0.6/24","gateway":"10.9.0.1"}],
            "routes":[{"dst":"0.0.0.0/0"}]}
            """
        );
        var pod = node.AddPod();
        node.Call("ADD", pod, config).Succeeded();
        pod.Tool("ping -c 1 -W 2 10.9.0.1");
        node.Tool("ping -c 1 -W 2 10.9.0.5");
        node.Tool("ping -c 1 -W 2 10.9.0.6");
        node.Call("CHECK", pod, config).Succeeded();
    }

    [KernelFact]
    public void An_address_without_a_gateway_is_refused_before_anything_is_made()
    {
        using var node = new CniNode();
        var config = Config(node, "plain");
        config["ipam"] = JsonNode.Parse("""{"type":"static","addresses":[{"address":"10.9.0.5/24"}]}""");
        var refused = node.Call("ADD", node.AddPod(), config);
        Assert.Equal((7, "address 10.9.0.5/24 has no gateway"), (refused.Code, refused.Message));
        Assert.Equal("", node.Tool("ip -br link show type veth"));
    }

    // The reference leaves the older pod's route, and the new pod's traffic goes there.
    [KernelFact]
    public void The_route_of_a_pod_that_is_gone_is_replaced_and_that_of_a_living_one_is_not()
    {
        using var node = new CniNode();
        var config = Config(node, "plain");
        node.Tool("ip link add stale type veth peer name nowhere");
        node.Tool("ip link set stale up");
        node.Tool("ip route add 10.1.0.2/32 dev stale scope host");
        var pod = node.AddPod();
        node.Call("ADD", pod, config).Succeeded();
        node.Tool("ping -c 1 -W 2 10.1.0.2");

        var other = Config(node, "plain");
        other["name"] = "other";
        var second = node.AddPod();
        var refused = node.Call("ADD", second, other);
        Assert.Equal((103, "address 10.1.0.2 is in use: the node has a route to it by "), (refused.Code, refused.Message[..^12]));
        Assert.Contains("leads to test/pod0/eth0", refused.Details, StringComparison.Ordinal);
        Assert.Empty(node.Leases("other"));
        node.Tool("ping -c 1 -W 2 10.1.0.2");
    }

    [KernelTheory]
    [InlineData("nftables")]
    [InlineData("iptables")]
    public void What_a_pod_sends_to_a_host_beyond_leaves_with_the_nodes_address(string backend)
    {
        using var node = new CniNode();
        var host = node.AddPod();
        node.Tool($"ip link add eth1 type veth peer name eth0 netns {PortNode.NameOf(host)}");
        node.Tool("ip address add 192.0.2.1/24 dev eth1");
        node.Tool("ip link set eth1 up");
        host.Tool("ip address add 192.0.2.2/24 dev eth0");
        host.Tool("ip link set eth0 up");
        using var server = EchoServer.Tcp(host, 80);
        var config = Config(node, "plain");
        config["ipMasq"] = true;
        config["ipMasqBackend"] = backend;
        var pod = node.AddPod();

        node.Call("ADD", pod, config).Succeeded();

        Assert.Equal("192.0.2.1", pod.AskTcp("192.0.2.2:80"));
        node.Call("CHECK", pod, config).Succeeded();
        node.Call("DEL", pod, config).Succeeded();
        Assert.DoesNotContain("10.1.0.2", node.Tool("nft list ruleset"), StringComparison.Ordinal);
        Assert.Equal("", node.Tool("ls -A /run/plugboard/bridge"));
    }

    [KernelFact]
    public void GC_removes_the_pairs_and_leases_of_pods_that_are_not_valid()
    {
        using var node = new CniNode();
        var config = Config(node, "plain");
        config["cniVersion"] = "1.1.0";
        var (kept, stale) = (node.AddPod(), node.AddPod());
        node.Call("ADD", kept, config).Succeeded();
        node.Call("ADD", stale, config).Succeeded();
        config["cni.dev/valid-attachments"] = JsonNode.Parse("""[{"containerID":"pod0","ifname":"eth0"}]""");
        node.Call("GC", null, config).Succeeded();
        Assert.Equal(["10.1.0.2"], node.Leases().Keys);
        Assert.Equal("cni:test/pod0/eth0", node.Tool("ip -j link show type veth").Split("\"ifalias\":\"")[1].Split('"')[0]);
        node.Call("CHECK", kept, config).Succeeded();
    }

    [KernelTheory]
    [InlineData("ip route del 10.1.0.2", "Expected Route 10.1.0.2/32 not found on veth")]
    [InlineData("ip address del 10.1.0.1/32 dev VETH", "Failed to match gateway 10.1.0.1 on interface veth")]
    [InlineData("ip link set VETH down", "Host interface veth")]
    public void CHECK_sees_what_is_gone_on_the_node(string damage, string message)
    {
        using var node = new CniNode();
        var config = Config(node, "plain");
        var pod = node.AddPod();
        node.Call("ADD", pod, config).Succeeded();
        node.Tool(damage.Replace("VETH", (string)pod.Result!["interfaces"]![0]!["name"]!, StringComparison.Ordinal));
        var output = node.Call("CHECK", pod, config);
        Assert.Equal(100, output.Code);
        Assert.StartsWith(message, output.Message, StringComparison.Ordinal);
    }

    private static JsonObject Config(CniNode node, string name) =>
        node.BridgeConfig(config =>
        {
            config.Remove("bridge");
            config.Remove("isGateway");
            config["type"] = "ptp";
            if (name == "mtu")
                config["mtu"] = 1400;
            if (name == "dual stack")
            {
                config["ipam"]!["ranges"] = JsonNode.Parse("""[[{"subnet":"10.1.0.0/16"}],[{"subnet":"fd00:1::/64"}]]""");
                config["ipam"]!["routes"] = JsonNode.Parse("""[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]""");
            }
        });
}
