using System.Diagnostics;
using System.Text.Json.Nodes;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Keys;

/// <summary>
/// An address that goes from one pod to another: a host with the first one's hardware address takes the second one's at once.
/// </summary>
public sealed class AnnouncementTests
{
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(8);

    private static JsonObject Config(CniNode node, string bridge = "cni0") =>
        node.BridgeConfig(
            $$$"""{"bridge":"{{{bridge}}}","ipam":{"ranges":[[{"subnet":"10.1.0.0/16"}],[{"subnet":"fd00:1::/64"}]],"routes":[]}}"""
        );

    private static JsonObject Fixed(JsonObject config) => config.With("""{"runtimeConfig":{"ips":["10.1.0.50","fd00:1::50"]}}""");

    private static readonly string[] addresses = ["10.1.0.50", "fd00:1::50"];

    private static string MacOf(CniPod pod) => pod.Link("eth0").GetProperty("address").GetString()!;

    // A neighbour learns in the kernel while ADD runs; a busy machine may be a little later.
    private static void KnowsAtOnce(TestNamespace who, string device, string mac) =>
        Until(
            () => addresses.All(address => who.Tool($"ip neigh show {address} dev {device}").Contains(mac, StringComparison.Ordinal)),
            () => $"{device} is not told of {mac}: {who.Tool("ip neigh")}{who.Tool("ip -6 neigh")}"
        );

    private static void Until(Func<bool> isSo, Func<string> what)
    {
        var watch = Stopwatch.StartNew();
        using var pause = new ManualResetEventSlim();
        while (!isSo())
        {
            Assert.True(watch.Elapsed < AtOnce, what());
            pause.Wait(TimeSpan.FromMilliseconds(20));
        }
    }

    private static void Meet(TestNamespace who) =>
        Assert.All(addresses, address => Assert.True(who.Reaches(address), $"set-up: {address}"));

    // Two addresses: what one pod gives back the next one gets.
    private static JsonObject Scarce(CniNode node) =>
        node.BridgeConfig(
            """
            {"ipam":{"routes":[],"ranges":[
                [{"subnet":"10.1.0.0/16","rangeStart":"10.1.0.49","rangeEnd":"10.1.0.50"}],
                [{"subnet":"fd00:1::/64","rangeStart":"fd00:1::4f","rangeEnd":"fd00:1::50"}]]}}
            """
        );

    private static CniPod Replace(CniNode node, CniPod old, JsonObject config)
    {
        node.Call("DEL", old, config).Succeeded();
        var pod = node.AddPod();
        node.Call("ADD", pod, config).Succeeded();
        Assert.NotEqual((string)old.Result!["interfaces"]![2]!["mac"]!, MacOf(pod));
        return pod;
    }

    [KernelFact]
    public void Other_pods_and_the_node_reach_the_new_pod_of_an_address_at_once()
    {
        using var node = new CniNode();
        var (other, old) = (node.AddPod(), node.AddPod());
        var config = Config(node);
        node.Call("ADD", other, config).Succeeded();
        node.Call("ADD", old, Fixed(config)).Succeeded();
        Meet(other);
        Meet(node);
        var mac = MacOf(Replace(node, old, Fixed(config)));
        KnowsAtOnce(other, "eth0", mac);
        KnowsAtOnce(node, "cni0", mac);
    }

    [KernelFact]
    public void An_address_that_host_local_gives_again_is_announced_though_the_node_never_used_it()
    {
        using var node = new CniNode();
        var (other, old) = (node.AddPod(), node.AddPod());
        node.Call("ADD", other, Scarce(node)).Succeeded();
        node.Call("ADD", old, Scarce(node)).Succeeded();
        Meet(other);
        KnowsAtOnce(other, "eth0", MacOf(Replace(node, old, Scarce(node))));
    }

    // On a bridge with hundreds of ports a frame to all of them takes longer than the rest of an ADD.
    [KernelFact]
    public void An_unused_address_is_announced_to_the_node_alone()
    {
        using var node = new CniNode();
        CniOutput Add(CniPod pod) => node.Call("ADD", pod, Scarce(node), "PLUGBOARD_TRACE=netlink").Succeeded();
        var (other, old, next) = (node.AddPod(), node.AddPod(), node.AddPod());
        Add(other);
        var fresh = Writes(Add(old));
        KnowsAtOnce(node, "cni0", MacOf(old));
        node.Call("DEL", old, Scarce(node)).Succeeded();
        Assert.Equal(fresh + 1, Writes(Add(next)));
    }

    // Requests that write a hardware address: the last one of an ADD is what makes the kernel tell.
    private static int Writes(CniOutput output) =>
        output
            .Error.Split("RTM_NEWLINK")
            .Count(static message =>
                message.Contains("IFLA_ADDRESS", StringComparison.Ordinal) && !message.Contains("IFLA_OPERSTATE", StringComparison.Ordinal)
            );

    [KernelFact]
    public void A_failed_ADD_leaves_no_neighbour_behind()
    {
        using var node = new CniNode();
        node.Tool("ip link add cni0 type bridge");
        node.Tool("ip link set cni0 up");
        node.Tool("ip addr add 10.9.0.1/16 dev cni0");
        Assert.Equal(7, node.Call("ADD", node.AddPod(), Config(node)).Code);
        Assert.Equal("", node.Tool("ip neigh show dev cni0"));
    }

    [KernelFact]
    public void Hosts_on_the_wire_reach_it_at_once()
    {
        using var node = new CniNode();
        using var wire = new TestNamespace();
        var config = Config(node, "br0").With("""{"isGateway":false}""");
        AddBridgeWithUplink(node, wire);
        var old = node.AddPod();
        node.Call("ADD", old, Fixed(config)).Succeeded();
        Meet(wire);
        KnowsAtOnce(wire, "lan0", MacOf(Replace(node, old, Fixed(config))));
    }

    // Its port is shut for half a minute: nothing that the pod sends itself would be heard.
    [KernelFact]
    public void Behind_a_port_that_a_spanning_tree_keeps_shut_the_bridge_tells_without_waiting()
    {
        using var node = new CniNode();
        using var wire = new TestNamespace();
        var config = Config(node, "br0");
        AddBridgeWithUplink(node, wire);
        var (other, old) = (node.AddPod(), node.AddPod());
        node.Call("ADD", other, config).Succeeded();
        node.Call("ADD", old, Fixed(config)).Succeeded();
        Meet(wire);
        Meet(other);
        Meet(node);
        node.Tool("ip link set br0 type bridge stp_state 1");
        var watch = Stopwatch.StartNew();
        var pod = Replace(node, old, Fixed(config));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"ADD waited: {watch.Elapsed}");
        Assert.Equal("listening", node.Port(pod.PortName()).GetProperty("state").GetString());
        KnowsAtOnce(wire, "lan0", MacOf(pod));
        KnowsAtOnce(other, "eth0", MacOf(pod));
        KnowsAtOnce(node, "br0", MacOf(pod));
    }

    [KernelFact]
    public void A_hardware_address_that_is_changed_later_is_announced_too()
    {
        using var node = new CniNode();
        var (other, pod) = (node.AddPod(), node.AddPod());
        var config = Config(node);
        node.Call("ADD", other, config).Succeeded();
        node.Call("ADD", pod, Fixed(config)).Succeeded();
        Meet(other);
        pod.Tool("ip link set eth0 address 02:00:00:00:00:77");
        KnowsAtOnce(other, "eth0", "02:00:00:00:00:77");
    }

    private static void AddBridgeWithUplink(CniNode node, TestNamespace wire)
    {
        node.Run(() =>
        {
            using var client = RouteClient.Open();
            client.Links.Add(
                new VethSpec
                {
                    Name = "up0",
                    Peer = new VethPeer { Name = "lan0", NetNs = wire.Namespace.File },
                }
            );
        });
        node.Tool("ip link add br0 type bridge");
        node.WriteSysctl("net/ipv6/conf/br0/accept_dad", "0");
        node.Tool("ip link set up0 master br0 up");
        node.Tool("ip link set br0 up");
        wire.WriteSysctl("net/ipv6/conf/lan0/accept_dad", "0");
        wire.Tool("ip addr add 10.1.200.1/16 dev lan0");
        wire.Tool("ip addr add fd00:1::200/64 dev lan0 nodad");
        wire.Tool("ip link set lan0 up");
        // Until its link is ready a host hears no multicast.
        Until(
            () => wire.Tool("ip -6 route show table local dev lan0").Contains("ff00::/8", StringComparison.Ordinal),
            static () => "set-up: lan0 is not ready"
        );
    }
}
