using Plugboard.Addresses;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Routes;

/// <summary>One change of a route, a neighbour or an FDB entry.</summary>
/// <param name="Text">The change for people.</param>
internal abstract record RoutingChange(Change Text);

/// <summary>A route is made, or takes another one's place.</summary>
internal sealed record ReplaceRoute(Change Text, RouteSpec Spec) : RoutingChange(Text);

/// <summary>A route is removed.</summary>
internal sealed record DeleteRoute(Change Text, Route Route) : RoutingChange(Text);

/// <summary>A tunnel's neighbour is made or replaced.</summary>
internal sealed record ReplaceNeighbour(Change Text, string Tunnel, Neighbour Neighbour) : RoutingChange(Text);

/// <summary>A tunnel's neighbour is removed.</summary>
internal sealed record DeleteNeighbour(Change Text, string Tunnel, int Link, IPAddr Address) : RoutingChange(Text);

/// <summary>A tunnel's FDB entry is made or replaced.</summary>
internal sealed record ReplaceFdbEntry(Change Text, string Tunnel, FdbEntry Entry) : RoutingChange(Text);

/// <summary>A tunnel's FDB entry is removed.</summary>
internal sealed record DeleteFdbEntry(Change Text, string Tunnel, FdbEntry Entry) : RoutingChange(Text);
