using Plugboard.Addresses;

namespace Plugboard.Netlink.Route;

/// <summary>One of several ways that a multipath route takes. Source: rtnetlink(7), struct rtnexthop.</summary>
/// <param name="OutInterface">The index of the link it leaves by; 0 for none.</param>
/// <param name="Gateway">The router, of either family; null for none.</param>
/// <param name="IsDead">The kernel does not use it: the link is down.</param>
public sealed record NextHop(int OutInterface, IPAddr? Gateway, bool IsDead);
