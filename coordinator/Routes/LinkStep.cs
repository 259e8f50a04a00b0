using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Coordinator.Routes;

/// <summary>One change of a tunnel's link or of its addresses.</summary>
/// <param name="Text">The change for people.</param>
internal abstract record LinkStep(Change Text);

/// <summary>A link is removed.</summary>
internal sealed record DeleteLink(Change Text, int Index) : LinkStep(Text);

/// <summary>A tunnel's link is made and set up.</summary>
internal sealed record MakeTunnel(Change Text, DesiredTunnel Tunnel) : LinkStep(Text);

/// <summary>A link's settings change.</summary>
internal sealed record SetLink(Change Text, int Index, LinkChange Settings) : LinkStep(Text);

/// <summary>A tunnel gets its address; the link may be made by a step before.</summary>
internal sealed record AddTunnelAddress(Change Text, DesiredTunnel Tunnel) : LinkStep(Text);

/// <summary>A link loses an address.</summary>
internal sealed record DeleteAddress(Change Text, int Index, IPPrefix Address) : LinkStep(Text);
