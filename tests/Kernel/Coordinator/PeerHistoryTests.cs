using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Routes;
using Plugboard.Netlink.Route;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>Peers that come, change, collide and go one by one: each is compared alone, and in the end all are as they should be.</summary>
public sealed class PeerHistoryTests
{
    private const int Steps = 240;
    private const int Most = 12;
    private const int Seed = 38;

    [KernelTheory]
    [InlineData(BackendType.Vxlan, false)]
    [InlineData(BackendType.Vxlan, true)]
    [InlineData(BackendType.HostGw, false)]
    public void After_many_single_changes_a_comparison_of_all_finds_nothing(object type, bool isDirect)
    {
        var backend = new BackendConf { Type = (BackendType)type, DirectRouting = isDirect };
        using var cluster = new NodeCluster(backend, [2], isDual: true);
        cluster.Start();
        var node = cluster.Nodes[0];
        var random = new Random(Seed);
        node.Log.Clear();
        for (var step = 1; step <= Steps; step++)
        {
            var number = random.Next(3, Most);
            if (random.Next(4) == 0)
                node.Source.Store.Remove($"n{number}");
            else
                node.Source.Store.Set(Peer(number, backend, random));
            Thread.CurrentThread.Join(random.Next(8));
            if (step % 80 == 0)
                node.Until(() => IsAsDesired(node), $"all is as it should be after {step} changes");
        }

        Assert.DoesNotContain(node.Log, static line => line.Contains("cannot repair", StringComparison.Ordinal));
    }

    // Every third has what another one has.
    private static ClusterNode Peer(int number, BackendConf backend, Random random)
    {
        var own = CoordinatedNode.Describe(number, $"192.168.{random.Next(2)}.{random.Next(20, 40)}", backend, isDual: true);
        var other = CoordinatedNode.Describe(random.Next(1, Most), "192.168.0.9", backend, isDual: true);
        return random.Next(6) switch
        {
            0 => own with { PodCidrs = other.PodCidrs },
            1 => own with { Vtep4 = other.Vtep4 },
            2 => own with { PodCidrs = [IPPrefix.Parse("10.244.4.0/22")], CreatedAt = DateTimeOffset.UnixEpoch },
            _ => own,
        };
    }

    private static bool IsAsDesired(CoordinatedNode node)
    {
        var status = node.Engine!.Status;
        var names = node.Source.Store.Current.Nodes.Keys.Where(name => name != node.Name);
        if (status.View is not { } view || !names.Order(StringComparer.Ordinal).SequenceEqual(view.Peers.Select(static peer => peer.Name)))
            return false;
        return node.RunBeside(() =>
        {
            using var client = RouteClient.Open();
            var outcome = new RouteReconciler(client, new NodeNetwork(), new RouteOptions()).Plan(view);
            return outcome.Changes.Count == 0 && outcome.Problems.Count == 0;
        });
    }
}
