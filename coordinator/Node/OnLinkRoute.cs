using Plugboard.Addresses;

namespace Plugboard.Coordinator.Node;

/// <summary>What a route says of where its destination is.</summary>
/// <param name="Dst">The destination network.</param>
/// <param name="Link">The index of the link it leaves by; 0: none, as for a blackhole.</param>
/// <param name="HasGateway">A router is between.</param>
/// <param name="Priority">The metric.</param>
internal readonly record struct OnLinkRoute(IPPrefix Dst, int Link, bool HasGateway, uint Priority);
