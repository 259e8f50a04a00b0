using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Coordinator.Node;

/// <summary>A link that may be the uplink.</summary>
/// <param name="Link">The link.</param>
/// <param name="Asked">The requested addresses there; for families without one the best counts.</param>
/// <param name="Why">By which option or rule.</param>
internal sealed record UplinkCandidate(Link Link, ValueArray<IPAddr> Asked, string Why)
{
    /// <summary>
    /// True if an address or a name selected it, not a pattern or a route, which find links that the operator may not have meant.
    /// </summary>
    public bool IsNamed { get; init; }
}
