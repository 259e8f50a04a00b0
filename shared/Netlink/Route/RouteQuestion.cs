using Plugboard.Addresses;

namespace Plugboard.Netlink.Route;

/// <summary>A packet whose route is asked for. Source: rtnetlink(7), RTM_GETROUTE; ip-route(8), <c>ip route get</c>.</summary>
/// <param name="Destination">Where it goes.</param>
/// <param name="Source">Its sender: an address of this node, or with <paramref name="InInterface"/> any; null: not chosen yet.</param>
/// <param name="InInterface">The index of the link that it comes by, of a packet to be forwarded; 0: it is this node's own.</param>
/// <param name="OutInterface">The index of the link that it must leave by, as of a tunnel above that link; 0: any.</param>
public readonly record struct RouteQuestion(IPAddr Destination, IPAddr? Source = null, int InInterface = 0, int OutInterface = 0);
