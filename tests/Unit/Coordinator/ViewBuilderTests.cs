using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Node;
using Plugboard.Linux;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Tests.Unit.Coordinator;

public sealed class ViewBuilderTests
{
    private static readonly NetConf Vxlan = new()
    {
        Network = IPPrefix.Parse("10.244.0.0/16"),
        Backend = new BackendConf { Type = BackendType.Vxlan },
    };
    private static readonly Uplink Eth0 = new(new UplinkLink(2, "eth0", 1500), [IPPrefix.Parse("192.168.0.1/24")], "");
    private static readonly ClusterNode N1 = Node("n1", "10.244.1.0/24", "192.168.0.1");
    private static readonly ClusterNode N2 = Node("n2", "10.244.2.0/24", "192.168.0.2");

    private static ClusterNode Node(string name, string cidr, string address) =>
        new()
        {
            Name = name,
            PodCidrs = cidr.Split(',').Select(text => IPPrefix.Parse(text)).ToValueArray(),
            Addresses = [IPAddr.Parse(address)],
            Vtep4 = new VtepData(1, VtepMac.From(name, 1, is6: false)),
        };

    private static ClusterSnapshot Snapshot(params ClusterNode[] nodes) =>
        new()
        {
            IsComplete = true,
            Nodes = new ClusterSnapshot().Nodes.AddRange(nodes.Select(node => KeyValuePair.Create(node.Name, node))),
        };

    private static (ClusterView View, string? NotReadyReason) Build(ViewBuilder builder, params ClusterNode[] nodes)
    {
        var (view, notReady) = builder.Build(Snapshot(nodes), Eth0, new Dictionary<string, Link>());
        return (view!, notReady);
    }

    [Fact]
    public void A_node_outside_the_clusters_network_says_so_and_removes_nothing()
    {
        var builder = new ViewBuilder("n1", Vxlan with { Network = IPPrefix.Parse("10.10.0.0/16") });

        var (view, notReady) = Build(builder, N1, N2);

        Assert.StartsWith(
            "this node's pod network 10.244.1.0/24 is not within the cluster's network 10.10.0.0/16: other nodes refuse it",
            notReady,
            StringComparison.Ordinal
        );
        Assert.False(view.MayPrune);
    }

    [Fact]
    public void Without_a_configuration_of_the_network_nothing_is_removed()
    {
        var (view, notReady) = Build(new ViewBuilder("n1", new NetConf { EnableIPv6 = true, IsAssumed = true }), N1, N2);

        Assert.Null(notReady);
        Assert.False(view.MayPrune);
        Assert.True(Build(new ViewBuilder("n1", Vxlan), N1, N2).View.MayPrune);
    }

    [Fact]
    public void Before_the_source_was_read_nobody_is_told_to_add_a_network_to_it()
    {
        string? Reason(ClusterSnapshot snapshot) =>
            new ViewBuilder("n1", null).Build(snapshot, Eth0, new Dictionary<string, Link>()).NotReadyReason;

        Assert.Equal("the list of nodes was not read yet", Reason(new ClusterSnapshot()));
        Assert.Equal("peers.yaml: broken", Reason(new ClusterSnapshot { SourceError = "peers.yaml: broken" }));
        Assert.StartsWith(
            "the cluster's network is not known yet: set",
            Reason(new ClusterSnapshot { IsComplete = true }),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_node_without_a_lease_is_not_asked_for_its_name()
    {
        string? Reason(Uplink? uplink, string? publishError = null) =>
            new ViewBuilder("n1", Vxlan) { IsLeased = true }
                .Build(
                    Snapshot(N1 with { Name = "10.244.1.0-24" }) with
                    {
                        PublishError = publishError,
                    },
                    uplink,
                    new Dictionary<string, Link>(),
                    "eth7 is down"
                )
                .NotReadyReason;

        Assert.Equal("this node has no lease in etcd yet", Reason(Eth0));
        Assert.Equal("no network of 10.244.0.0/16 is free", Reason(Eth0, "no network of 10.244.0.0/16 is free"));
        Assert.Equal("eth7 is down", Reason(null));
        Assert.Equal(
            "this node has no lease in etcd: eth0 has no address of the families of the cluster's network; give it one, or name another "
                + "link with --iface",
            Reason(new Uplink(Eth0.Link, [IPPrefix.Parse("fd00::1/64")], ""))
        );
    }

    [Fact]
    public void A_configuration_of_the_source_that_is_invalid_is_the_reason_why_there_is_none() =>
        Assert.Equal(
            "line 1: VNI",
            new ViewBuilder("n1", null)
                .Build(Snapshot(N1) with { SourceError = "line 1: VNI" }, Eth0, new Dictionary<string, Link>())
                .NotReadyReason
        );

    [Fact]
    public void A_node_that_never_was_in_the_list_is_not_gone_however_its_name_is_spelt()
    {
        var (view, notReady) = Build(new ViewBuilder("n11", Vxlan), N1, N2);

        Assert.False(view.Self.IsGone);
        Assert.Equal(
            "the source knows no node n11, and node n1 has this node's address or pod network: correct its name, or set --node-name n1",
            notReady
        );
        Assert.Equal(
            "the source knows no node nod3 (did you mean \"node3\"?); set --node-name, or let the node join",
            Build(new ViewBuilder("nod3", Vxlan), N2, N2 with { Name = "node3" }).NotReadyReason
        );
    }

    [Fact]
    public void A_node_is_gone_when_it_was_in_the_list_and_no_entry_could_be_it()
    {
        var builder = new ViewBuilder("n1", Vxlan);
        Build(builder, N1, N2);

        Assert.False(Build(builder, N1 with { Name = "n1x" }, N2).View.Self.IsGone);
        Assert.False(Build(builder, N1 with { Name = "n1x", Addresses = [] }, N2).View.Self.IsGone);
        Assert.False(builder.Build(Snapshot(N2) with { IsComplete = false }, Eth0, new Dictionary<string, Link>()).View!.Self.IsGone);
        Assert.True(Build(builder, N2).View.Self.IsGone);
        Assert.True(Build(builder, N1 with { PodCidrs = [], SaysNoPods = true }, N2).View.Self.IsGone);
        Assert.False(Build(builder, N1, N2).View.Self.IsGone);
    }

    [Fact]
    public void A_family_that_is_switched_off_by_mistake_is_not_the_end_of_the_node()
    {
        var builder = new ViewBuilder("n1", null);
        (ClusterView? View, string? NotReadyReason) With(NetConf network) =>
            builder.Build(Snapshot(N1, N2) with { Network = network }, Eth0, new Dictionary<string, Link>());

        Assert.Null(With(Vxlan).NotReadyReason);
        var (view, notReady) = With(Vxlan with { EnableIPv4 = false, SaysIPv4 = true, EnableIPv6 = true });

        Assert.Equal(
            "node n1 has the pod network 10.244.1.0/24, and the cluster network does not enable that family: EnableIPv4, EnableIPv6",
            notReady
        );
        Assert.False(view!.Self.IsGone || view.MayPrune);
    }

    [Fact]
    public void That_others_send_to_another_address_than_this_node_uses_is_a_note_where_only_the_operator_can_correct_it()
    {
        var elsewhere = N1 with { Addresses = [IPAddr.Parse("192.168.0.9")] };

        Assert.Equal(
            "node n1: other nodes send to 192.168.0.9, as the source says, and this node uses 192.168.0.1: correct the source, or name "
                + "the link by --iface, unless a router translates one to the other",
            Assert.Single(Build(new ViewBuilder("n1", Vxlan), elsewhere, N2).View.Notes)
        );
        Assert.Empty(Build(new ViewBuilder("n1", Vxlan), N1, N2).View.Notes);
        Assert.Empty(Build(new ViewBuilder("n1", Vxlan) { PublishesAddress = true }, elsewhere, N2).View.Notes);
    }

    [Fact]
    public void Of_a_peer_whose_new_values_are_refused_the_last_good_ones_stay()
    {
        var builder = new ViewBuilder("n1", Vxlan);
        Build(builder, N1, N2);

        var (view, _) = Build(builder, N1, Node("n2", "10.24.2.0/24", "127.0.0.2"));

        var peer = Assert.Single(view.Peers);
        Assert.Equal(("10.244.2.0/24", "192.168.0.2"), (peer.PodCidrs.ToString(), peer.Addresses.ToString()));
        Assert.Equal(["BadAddress", "BadPodCidr"], view.Refused.Select(node => node.Reason));
        Assert.Equal(
            [
                "node n2: 10.244.2.0/24 stays in force in place of 10.24.2.0/24, which is refused",
                "node n2: 192.168.0.2 stays in force in place of 127.0.0.2, which is refused",
            ],
            view.Notes
        );
        // And does not take it from who has it now.
        var (taken, _) = Build(builder, N1, Node("n2", "10.24.2.0/24", "192.168.0.2"), Node("m3", "10.244.2.0/24", "192.168.0.3"));
        Assert.Equal("m3", Assert.Single(taken.Peers, node => node.PodCidrs.Count > 0).Name);
    }

    [Theory]
    [InlineData("fd00:1::/64", false)]
    [InlineData("10.244.1.0/24,fd00:1::/64", true)]
    [InlineData("10.244.1.0/24", true)]
    public void A_node_whose_pods_have_only_IPv6_needs_no_IPv4_unless_it_is_configured(string pods, bool expected)
    {
        var network = new NetConf
        {
            EnableIPv6 = true,
            IPv6Network = IPPrefix.Parse("fd00::/16"),
            Backend = Vxlan.Backend,
        };
        var self = Node("n1", pods, "192.168.0.1");

        Assert.Equal(expected, Build(new ViewBuilder("n1", network), self).View.Network.EnableIPv4);
        Assert.True(Build(new ViewBuilder("n1", network with { SaysIPv4 = true }), self).View.Network.EnableIPv4);
        Assert.True(Build(new ViewBuilder("n1", network with { Network = IPPrefix.Parse("10.0.0.0/8") }), self).View.Network.EnableIPv4);
    }
}
