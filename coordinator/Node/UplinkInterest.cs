using System.Text.RegularExpressions;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Coordinator.Node;

/// <summary>The links and addresses that the choice of the uplink, and everything built on it, depend on. Pure.</summary>
/// <param name="uplink">The chosen uplink; null: none, then all links count.</param>
/// <param name="question">The input of the choice.</param>
internal sealed class UplinkInterest(Uplink? uplink, UplinkQuestion question)
{
    private UplinkOptions Options => question.Options;

    /// <summary>True for a notification of a link, an address or a route that the choice depends on.</summary>
    public bool Concerns(RouteChange change, NodeNetwork network)
    {
        if (change.Link is { } link)
            return Concerns(link);
        if (change.Address is { } address)
            return Concerns(address, network.FindLink(address.LinkIndex));
        return change.Route is { } route && Concerns(route);
    }

    /// <summary>True for the uplink, a tunnel, and a link of a flag.</summary>
    public bool Concerns(Link link) =>
        uplink is null
        || link.Index == uplink.Link.Index
        || link.Name == uplink.Link.Name
        || IsTunnel(link)
        || Options.Interfaces.Contains(link.Name, StringComparer.Ordinal)
        || Matches(link.Name);

    /// <summary>True for an address of the uplink or of a tunnel, and for one of a flag.</summary>
    /// <param name="address">The address.</param>
    /// <param name="link">Its link; null: not known.</param>
    public bool Concerns(InterfaceAddress address, Link? link) =>
        uplink is null || link is null || Concerns(link) || IsAsked(address.Address.Address) || Matches(address.Address.Address.ToString());

    /// <summary>True for a route by which the uplink was found.</summary>
    public bool Concerns(Netlink.Route.Route route) =>
        Options.CanReach is { } target ? route.Dst.Contains(target) : uplink is null && LeadsToOthers(route.Dst);

    private bool LeadsToOthers(IPPrefix dst) => question.Others.Any(other => dst.Contains(other));

    private static bool IsTunnel(Link link) =>
        link.Alias == DesiredTunnel.Alias
        || link.Name.StartsWith("flannel.", StringComparison.Ordinal)
        || link.Name.StartsWith("flannel-v6.", StringComparison.Ordinal);

    private bool IsAsked(IPAddr address) =>
        question.Wished.Contains(address)
        || question.Told.Contains(address)
        || Options.Public.Contains(address)
        || Options.Interfaces.Any(wish => IPAddr.TryParse(wish, out var asked) && asked == address);

    private bool Matches(string text)
    {
        try
        {
            return Options.InterfacePatterns.Any(pattern => pattern.IsMatch(text));
        }
        catch (RegexMatchTimeoutException)
        {
            // The search for the uplink meets the same error and reports it.
            return true;
        }
    }
}
