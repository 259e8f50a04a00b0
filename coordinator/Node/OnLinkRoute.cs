using Plugboard.Addresses;

namespace Plugboard.Coordinator.Node;

/// <summary>A route's facts about its destination.</summary>
/// <param name="Dst">The destination network.</param>
/// <param name="Link">The index of the outgoing link; 0: none, as for a blackhole.</param>
/// <param name="HasGateway">It leads to a router.</param>
/// <param name="Priority">The metric.</param>
internal readonly record struct OnLinkRoute(IPPrefix Dst, int Link, bool HasGateway, uint Priority);
