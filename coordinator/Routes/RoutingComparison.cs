using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Node;

namespace Plugboard.Coordinator.Routes;

/// <summary>Compares the actual routes and tunnels with a plan.</summary>
/// <param name="network">The actual routes.</param>
/// <param name="seenOf">The actual state of a tunnel on a link; 0: the link is not made yet.</param>
internal sealed class RoutingComparison(NodeNetwork network, Func<DesiredTunnel, int, SeenTunnel> seenOf)
{
    /// <summary>Compares everything.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="plan">Its plan.</param>
    /// <param name="makesLinks">The tunnels' links are made first, and nothing is on them.</param>
    public RoutingDifference Whole(ClusterView view, RoutePlan plan, bool makesLinks)
    {
        var difference = new RoutingDifference();
        var own = new HashSet<int>();
        foreach (var tunnel in plan.Tunnels)
        {
            var index = makesLinks ? 0 : IndexOf(tunnel);
            if (index != 0)
                own.Add(index);
            new TunnelDifference(tunnel.Name, index, seenOf(tunnel, index)).Compare(plan, view.MayPrune, difference);
        }

        new RouteDifference(network, view.MayPrune).Compare(plan, own, difference);
        return difference;
    }

    /// <summary>Compares a part, when everything was as it should be before and no link is made.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="before">What some peers needed, when everything was.</param>
    /// <param name="plan">What they need now.</param>
    public RoutingDifference Part(ClusterView view, RoutePlan before, RoutePlan plan)
    {
        var difference = new RoutingDifference();
        var own = new HashSet<int>();
        foreach (var tunnel in plan.Tunnels)
        {
            var index = IndexOf(tunnel);
            own.Add(index);
            new TunnelDifference(tunnel.Name, index, seenOf(tunnel, index)).ComparePart(before, plan, view.MayPrune, difference);
        }

        new RouteDifference(network, view.MayPrune).ComparePart(before, plan, own, difference);
        return difference;
    }

    private int IndexOf(DesiredTunnel tunnel) => network.Links.GetValueOrDefault(tunnel.Name)?.Index ?? 0;
}
