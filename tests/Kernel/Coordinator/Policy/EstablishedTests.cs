using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Policy;

/// <summary>Connections that exist end when a policy forbids them, and no others do.</summary>
public sealed class EstablishedTests
{
    private const string DenyAll = "podSelector: {}\npolicyTypes: [Ingress, Egress]";
    private const string NoIngress = "podSelector: {}";
    private const string NoEgress = "podSelector: {}\npolicyTypes: [Egress]";
    private const string FromB = "podSelector: {matchLabels: {pod: a}}\ningress: [{from: [{podSelector: {matchLabels: {pod: b}}}]}]";
    private const int Port = 8080;

    private static PodStream Open(PolicyNode node, string from, string to, bool is6, bool isTcp, int port = Port)
    {
        var address = node.Address(to, is6);
        return PodStream.Open(node.Pod(from), node.Pod(to), is6 ? $"[{address}]:{port}" : $"{address}:{port}", port, isTcp);
    }

    [KernelTheory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void What_a_policy_forbids_now_ends_and_what_it_allows_goes_on(bool isBridged, bool is6)
    {
        using var node = new PolicyNode(isBridged);
        node.SyncWell(SyncCause.Start);
        using var forbidden = Open(node, "y/a", "x/a", is6, isTcp: true);
        using var forbiddenUdp = Open(node, "y/a", "x/a", is6, isTcp: false);
        using var allowed = Open(node, "x/b", "x/a", is6, isTcp: true, Port + 1);
        using var allowedUdp = Open(node, "x/b", "x/a", is6, isTcp: false, Port + 1);
        using var other = Open(node, "y/a", "y/b", is6, isTcp: true);
        node.Write(("x", FromB));

        Assert.Equal(2, node.SyncFlows().Count(static change => change.Kind == "connection"));

        Assert.True(forbidden.IsCut());
        Assert.True(forbiddenUdp.IsCut());
        Assert.True(allowed.Works());
        Assert.True(allowedUdp.Works());
        Assert.True(other.Works());
        var state = node.Run(node.Reconciler.ReadState);
        Assert.Equal(2, state.CutFlows);
        Assert.True(state.Refused!.Value.Established > 0);

        node.Write(("x", FromB), ("x", "podSelector: {}\ningress: [{}]"));
        node.SyncFlows();
        Assert.True(forbidden.Works());
        Assert.True(forbiddenUdp.Works());
        Assert.Equal([], node.SyncWell(SyncCause.Audit));
    }

    [KernelFact]
    public void The_side_that_opened_a_connection_decides_which_policy_judges_it()
    {
        using var node = new PolicyNode();
        node.SyncWell(SyncCause.Start);
        using var outwards = Open(node, "x/a", "y/a", is6: false, isTcp: true);
        using var inwards = Open(node, "y/b", "x/a", is6: false, isTcp: true);
        using var outwardsUdp = Open(node, "x/a", "y/a", is6: false, isTcp: false);

        node.Write(("x", NoEgress));
        node.SyncFlows();

        Assert.True(outwards.IsCut());
        Assert.True(outwardsUdp.IsCut());
        Assert.True(inwards.Works());

        node.Write(("x", NoIngress));
        node.SyncFlows();
        Assert.True(outwards.Works());
        Assert.True(inwards.IsCut());
    }

    // Few touched addresses are asked for one by one, many are looked for among all flows.
    [KernelTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Labels_of_one_pod_end_its_connections_on_either_side_and_no_others(bool is6)
    {
        const string ToB =
            "podSelector: {matchLabels: {role: kept}}\npolicyTypes: [Ingress, Egress]\n"
            + "ingress: [{from: [{podSelector: {matchLabels: {pod: b}}}]}]";
        using var node = new PolicyNode();
        node.Write(("x", ToB));
        node.SyncWell(SyncCause.Start);
        using var forbidden = Open(node, "y/a", "x/a", is6, isTcp: true);
        using var outwards = Open(node, "x/a", "y/b", is6, isTcp: false);
        using var allowed = Open(node, "x/b", "x/a", is6, isTcp: false, Port + 1);
        using var other = Open(node, "y/a", "x/c", is6, isTcp: true, Port + 2);
        node.Label("x/a", "pod: a, role: kept");
        node.WritePods();

        Assert.Equal(2, node.SyncFlows().Count(static change => change.Kind == "connection"));

        Assert.True(forbidden.IsCut());
        Assert.True(outwards.IsCut());
        Assert.True(allowed.Works());
        Assert.True(other.Works());

        // A peer that loses its label.
        node.Label("x/b", "pod: other");
        node.WritePods();
        Assert.Single(node.SyncFlows(), static change => change.Kind == "connection");
        Assert.True(allowed.IsCut());

        node.Label("x/a", "pod: a");
        node.WritePods();
        node.SyncFlows();
        Assert.True(forbidden.Works());
        Assert.True(outwards.Works());
        Assert.True(allowed.Works());
        Assert.Equal([], node.SyncWell(SyncCause.Audit));
    }

    [KernelFact]
    public void Translated_connections_end_too_and_those_of_the_node_itself_do_not()
    {
        using var node = new PolicyNode();
        node.SyncWell(SyncCause.Start);
        node.Tool("nft add table ip proxy");
        node.Tool("nft add chain ip proxy services { type nat hook prerouting priority -100 ; }");
        node.Tool("nft add rule ip proxy services ip daddr 10.96.0.1 tcp dport 80 dnat to 10.244.1.10:8080");
        node.Tool("nft add rule ip proxy services ip daddr 10.244.1.1 udp dport 53 dnat to 10.244.1.10:8081");
        node.Tool("nft add chain ip proxy nodes { type nat hook postrouting priority 100 ; }");
        node.Tool("nft add rule ip proxy nodes ct status dnat udp dport 8081 masquerade");
        using var service = PodStream.Open(node.Pod("y/a"), node.Pod("x/a"), "10.96.0.1:80", Port);
        using var hostPort = PodStream.Open(node.Pod("y/a"), node.Pod("x/a"), "10.244.1.1:53", Port + 1, isTcp: false);
        using var own = PodStream.Open(node, node.Pod("x/a"), "10.244.1.10:8082", Port + 2);

        node.Write(("x", DenyAll));
        Assert.Equal(2, node.SyncFlows().Count(static change => change.Kind == "connection"));

        Assert.True(service.IsCut());
        Assert.True(hostPort.IsCut());
        Assert.True(own.Works());
        node.Write(("x", NoEgress));
        node.SyncFlows();
        Assert.True(service.Works());
        Assert.True(hostPort.Works());
    }

    [KernelTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_connection_that_is_older_than_the_table_ends_whoever_sends_next(bool isTcp)
    {
        using var node = new PolicyNode();
        // Something else has the kernel track connections, without labels.
        node.Tool("nft add table inet other");
        node.Tool("nft add chain inet other c { type filter hook forward priority 10 ; }");
        node.Tool("nft add rule inet other c ct state established accept");
        node.Tool("sysctl -qw net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1");
        using var forbidden = Open(node, "y/a", "x/a", is6: false, isTcp);
        using var forbidden6 = Open(node, "y/a", "x/a", is6: true, isTcp, Port + 1);
        using var allowed = Open(node, "y/b", "z/a", is6: false, isTcp);
        node.Write(("x", NoIngress));

        node.SyncWell(SyncCause.Start);

        Assert.True(forbidden.IsCut());
        Assert.True(forbidden6.IsCut());
        Assert.True(allowed.Works());
        Assert.Equal([], node.SyncWell(SyncCause.Audit));
        Assert.True(forbidden.IsCut());
    }

    [KernelFact]
    public void A_policy_that_changed_while_no_coordinator_ran_ends_connections_when_one_starts()
    {
        using var node = new PolicyNode();
        node.SyncWell(SyncCause.Start);
        using var forbidden = Open(node, "y/a", "x/a", is6: false, isTcp: true);
        using var allowed = Open(node, "x/b", "x/a", is6: false, isTcp: true, Port + 1);
        node.Write(("x", FromB));

        node.Restart();
        Assert.True(forbidden.Works());
        node.SyncWell(SyncCause.Start);

        Assert.True(forbidden.IsCut());
        Assert.True(allowed.Works());
        node.Restart();
        node.Write();
        node.SyncWell(SyncCause.Start);
        Assert.True(forbidden.Works());
    }

    [KernelFact]
    public void A_pod_with_the_address_of_another_does_not_inherit_its_connections()
    {
        using var node = new PolicyNode();
        node.Write(("z", NoIngress));
        node.SyncWell(SyncCause.Start);
        using var forbidden = Open(node, "y/a", "x/a", is6: false, isTcp: false);

        node.Hide("x/a");
        node.WritePods("kind: Pod\nmetadata: {name: heir, namespace: z}\nspec: {nodeName: n1}\nstatus: {podIPs: [{ip: 10.244.1.10}]}\n");
        node.SyncFlows();

        Assert.True(forbidden.IsCut());
    }

    [KernelFact]
    public void An_allowed_stream_lives_through_a_thousand_changes()
    {
        using var node = new PolicyNode();
        node.Write(("x", FromB));
        node.SyncWell(SyncCause.Start);
        using var tcp = Open(node, "x/b", "x/a", is6: false, isTcp: true);
        using var udp = Open(node, "x/b", "x/a", is6: false, isTcp: false);
        for (var i = 0; i < 1000; i++)
        {
            node.Label("z/c", i % 2 == 0 ? "pod: c" : "pod: b");
            node.WritePods();
            if (i % 10 == 0)
                node.Write(("x", FromB), ("y", i % 20 == 0 ? DenyAll : NoIngress));
            node.SyncWell();
            if (i % 20 == 0)
                Assert.True(tcp.PassesSoon() && udp.PassesSoon(), $"after change {i}");
        }

        Assert.True(tcp.Works());
        Assert.True(udp.Works());
        Assert.Equal(0, node.Run(node.Reconciler.ReadState).CutFlows);
    }

    [KernelFact]
    public void They_go_on_if_asked_so()
    {
        using var node = new PolicyNode(
            options: new PolicyOptions
            {
                NodeName = "n1",
                Directory = "",
                CutsEstablished = false,
            }
        );
        node.SyncWell(SyncCause.Start);
        using var stream = Open(node, "y/a", "x/a", is6: false, isTcp: true);

        node.Write(("x", DenyAll));
        node.SyncWell();

        Assert.Equal("lost", node.Pod("y/a").AskTcp("10.244.1.10:80"));
        Assert.True(stream.Works());
    }
}
