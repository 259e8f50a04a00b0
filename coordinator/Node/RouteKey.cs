using Plugboard.Addresses;

namespace Plugboard.Coordinator.Node;

/// <summary>What two routes of the main table cannot share without one hiding the other.</summary>
/// <param name="Dst">The destination network.</param>
/// <param name="Priority">The metric.</param>
internal readonly record struct RouteKey(IPPrefix Dst, uint Priority);
