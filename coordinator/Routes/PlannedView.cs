using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Node;

namespace Plugboard.Coordinator.Routes;

/// <summary>What a plan is made from. It never changes, so any thread may make the plan again.</summary>
/// <param name="View">The cluster.</param>
/// <param name="OnLink">The networks that are reached without a router.</param>
internal sealed record PlannedView(ClusterView View, OnLinkNetworks OnLink)
{
    /// <summary>The plan.</summary>
    public RoutePlan Plan(RouteOptions options) => RoutePlanner.Plan(View, OnLink, options);

    /// <summary>The part of the plan that some peers need, with the tunnels and this node's own routes.</summary>
    public RoutePlan Plan(IEnumerable<string> names, RouteOptions options) =>
        RoutePlanner.Plan(View with { Peers = View.Peers.Only(names) }, OnLink, options);
}
