using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;

namespace Plugboard.Tests.Unit.Coordinator;

/// <summary>What a source no longer says of a node that it still lists stays: a field that vanishes says nothing.</summary>
public sealed class NodeStoreTests
{
    private static readonly ClusterNode Whole = new()
    {
        Name = "b",
        Uid = "1",
        PodCidrs = [IPPrefix.Parse("10.1.1.0/24"), IPPrefix.Parse("fd00:1::/64")],
        Addresses = [IPAddr.Parse("192.168.0.2"), IPAddr.Parse("fd00::2")],
        BackendType = "vxlan",
        Vtep4 = new VtepData(1, MacAddress.Local(1)),
        Vtep6 = new VtepData(1, MacAddress.Local(2)),
    };

    private int wakeups;
    private readonly NodeStore store;

    public NodeStoreTests() => store = new NodeStore(() => wakeups++);

    private ClusterNode Told => store.Current.Nodes["b"] with { Notes = [] };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whatever_vanishes_from_a_node_stays_with_a_note(bool byList)
    {
        foreach (
            var less in (ClusterNode[])
                [
                    Whole with
                    {
                        PodCidrs = [Whole.PodCidrs[0]],
                    },
                    Whole with
                    {
                        PodCidrs = [],
                    },
                    Whole with
                    {
                        Addresses = [Whole.Addresses[0]],
                    },
                    Whole with
                    {
                        Addresses = [],
                    },
                ]
        )
        {
            Tell(Whole, byList);
            Tell(less, byList);

            Assert.Equal(Whole, Told);
            Assert.NotEmpty(store.Current.Nodes["b"].Notes);
        }

        foreach (
            var less in (ClusterNode[])
                [
                    Whole with
                    {
                        Vtep4 = null,
                    },
                    Whole with
                    {
                        Vtep6 = null,
                    },
                    Whole with
                    {
                        BackendType = "",
                    },
                    new() { Name = "b", IsSilent = true },
                ]
        )
        {
            Tell(Whole, byList);
            Tell(less, byList);
            Assert.Equal(Whole, Told);
        }
    }

    private void Tell(ClusterNode node, bool byList)
    {
        if (byList)
            store.Replace([node]);
        else
            store.Set(node);
    }

    [Fact]
    public void The_same_again_wakes_nobody_also_when_it_lacks_what_stays()
    {
        store.Replace([Whole]);
        store.Set(Whole with { PodCidrs = [Whole.PodCidrs[0]] });
        var before = wakeups;

        store.Set(Whole with { PodCidrs = [Whole.PodCidrs[0]] });
        store.Replace([Whole with { PodCidrs = [Whole.PodCidrs[0]] }]);

        Assert.Equal(before, wakeups);
    }

    [Fact]
    public void What_is_said_replaces_what_was_and_what_is_said_not_to_be_goes()
    {
        store.Set(Whole);

        store.Set(Whole with { PodCidrs = [IPPrefix.Parse("10.1.9.0/24"), Whole.PodCidrs[1]] });
        Assert.Equal("10.1.9.0/24, fd00:1::/64", Told.PodCidrs.ToString());

        store.Set(Whole with { PodCidrs = [], SaysNoPods = true, Addresses = [], SaysNoAddresses = true });
        Assert.Equal((0, 0), (Told.PodCidrs.Count, Told.Addresses.Count));
    }

    [Fact]
    public void A_node_that_goes_and_one_that_is_made_again_under_its_name_leave_nothing()
    {
        store.Set(Whole);
        store.Set(new ClusterNode { Name = "b", Uid = "2" });
        Assert.Empty(Told.PodCidrs);

        store.Set(Whole);
        store.Set(
            new ClusterNode
            {
                Name = "b",
                Uid = "2",
                IsSilent = true,
            }
        );
        Assert.Empty(store.Current.Nodes);
        store.Set(Whole);
        store.Replace([
            new ClusterNode
            {
                Name = "b",
                Uid = "2",
                IsSilent = true,
            },
        ]);
        Assert.Empty(store.Current.Nodes);

        store.Set(Whole);
        store.Remove("b");
        Assert.Empty(store.Current.Nodes);
        store.Set(new ClusterNode { Name = "b" });
        Assert.Empty(Told.PodCidrs);

        store.Set(Whole);
        store.Replace([]);
        Assert.Empty(store.Current.Nodes);
    }

    [Fact]
    public void A_node_that_never_said_anything_takes_no_part()
    {
        store.Replace([new ClusterNode { Name = "b", IsSilent = true }]);
        store.Set(new ClusterNode { Name = "c", IsSilent = true });

        Assert.Empty(store.Current.Nodes);
        Assert.True(store.Current.IsComplete);
    }

    [Fact]
    public void A_tunnel_does_not_stay_with_a_node_that_says_another_backend()
    {
        store.Set(Whole);
        store.Set(Whole with { BackendType = "host-gw", Vtep4 = null, Vtep6 = null });

        Assert.Null(Told.Vtep4);
    }
}
