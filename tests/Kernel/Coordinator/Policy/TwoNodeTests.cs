using Plugboard.Addresses;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Ports;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Policy;

/// <summary>Policies of two nodes with a vxlan between: each judges its own pods, beside Services, host ports and masquerading.</summary>
public sealed class TwoNodeTests
{
    private const int EachOf = 10;
    private const string FromYa =
        "podSelector: {matchLabels: {pod: c}}\ningress: [{from: [{namespaceSelector: {matchLabels: {ns: y}}, "
        + "podSelector: {matchLabels: {pod: a}}}], ports: [{port: 8080}]}]";
    private const string FromOutside =
        "podSelector: {matchLabels: {pod: c}}\ningress: [{from: [{ipBlock: {cidr: 192.168.0.254/32}}], ports: [{port: 8080}]}]";

    [KernelFact]
    public void Packets_between_nodes_pass_exactly_if_the_oracle_allows_them()
    {
        using var pair = new PolicyPair();
        pair.Sync(SyncCause.Start);
        pair.Holds("without a policy");
        foreach (var (name, policies) in ConformanceCases.Cases.Where(static (_, i) => i % EachOf == 1))
        {
            pair.Write(policies);
            pair.Sync();
            pair.Holds(name);
        }
    }

    [KernelFact]
    public void A_Service_and_a_host_port_are_judged_as_the_pod_behind_them()
    {
        using var pair = new PolicyPair();
        var (client, server) = (pair.Cluster.Nodes[0], pair.Cluster.Nodes[1]);
        using var echo = EchoServer.Tcp(pair.Pods.Pod("x/c"), 8080);
        var address = pair.Pods.Address("x/c", is6: false);
        // As kube-proxy writes it: on the client's node, before routing.
        client.Tool("nft add table ip kube-proxy");
        client.Tool("nft add chain ip kube-proxy services { type nat hook prerouting priority dstnat ; }");
        client.Tool($"nft add rule ip kube-proxy services ip daddr 10.96.0.10 tcp dport 80 dnat to {address}:8080");
        PublishPort(server, address);
        pair.Write(("x", FromYa));
        pair.Sync(SyncCause.Start);

        Assert.Equal($"{pair.Pods.Address("y/a", is6: false)}", pair.Pods.Pod("y/a").AskTcp("10.96.0.10:80"));
        Assert.Equal("lost", pair.Pods.Pod("z/a").AskTcp("10.96.0.10:80"));
        Assert.Equal("lost", pair.Cluster.Fabric.AskTcp("192.168.0.2:8000"));

        pair.Write(("x", FromOutside));
        pair.Sync();
        Assert.Equal("192.168.0.254", pair.Cluster.Fabric.AskTcp("192.168.0.2:8000"));
        Assert.Equal("lost", pair.Pods.Pod("y/a").AskTcp("10.96.0.10:80"));
        pair.IsSteady();
    }

    private static void PublishPort(CoordinatedNode node, IPAddr address) =>
        node.Run(() =>
        {
            using var rules = HostPortKind.Open(new PodRecordStore(PodRecordStore.Root + "/portmap"));
            return rules.Apply(
                new PodHostPorts
                {
                    Owner = new Attachment("cluster", "c1", "eth0"),
                    IPv4 = new IPPrefix(address, 24),
                    Ports = [new PortMapping(8000, 8080, PortProtocol.Tcp, null)],
                },
                backend: null
            );
        });

    [KernelFact]
    public void Changes_without_a_pause_let_nothing_wrong_through_and_nothing_right_fail()
    {
        using var pair = new PolicyPair();
        const string Open = "podSelector: {matchLabels: {pod: b}}\ningress: [{from: [{namespaceSelector: {matchLabels: {ns: y}}}]}]";
        const string Closed = "podSelector: {}\npolicyTypes: [Ingress, Egress]";
        pair.Write(("x", Open), ("z", Closed));
        pair.Sync(SyncCause.Start);
        using var stream = PodStream.Open(pair.Pods.Pod("y/a"), pair.Pods.Pod("x/b"), $"{pair.Pods.Address("x/b", false)}:8080", 8080);
        var cases = ConformanceCases
            .Cases.Select(static each => each.Policies.Where(static policy => policy.Home == "y").ToArray())
            .ToList();
        var began = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < 400 && TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(3); i++)
        {
            pair.Write([("x", Open), ("z", Closed), .. cases[i % cases.Count], ("x", i % 2 == 0 ? Open : "podSelector: {}")]);
            pair.Label("x/c", i % 3 == 0 ? "pod: b" : "pod: c");
            pair.WritePods();
            pair.Sync();
            Assert.True(stream.Works(), $"change {i}");
            Assert.False(pair.Pods.TrySendOnce("z/a", "x/b"), $"change {i}");
        }

        pair.IsSteady();
        pair.Holds("in the end");
    }
}
