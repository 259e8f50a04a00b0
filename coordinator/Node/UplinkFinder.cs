using System.Text.RegularExpressions;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Coordinator.Node;

/// <summary>Chooses the link by which this node reaches the others, in flanneld's order: pure.</summary>
/// <param name="network">The node's links, addresses and routes.</param>
/// <param name="options">What the operator chose.</param>
internal sealed class UplinkFinder(NodeNetwork network, UplinkOptions options)
{
    /// <summary>After <see cref="Find"/>: what kept a link from being looked for, a sentence; null: nothing.</summary>
    public string? Fault { get; private set; }

    /// <summary>The link; null: there is none that can be it now.</summary>
    public Uplink? Find()
    {
        foreach (var wish in options.Interfaces)
        {
            if (FindNamed(wish) is { } named)
                return Describe(named, $"--iface {wish}");
        }

        foreach (var pattern in options.InterfacePatterns)
        {
            if (FindMatching(pattern) is { } matching)
                return Describe(matching, $"--iface-regex {pattern}");
            if (Fault is not null)
                return null;
        }

        if (options.CanReach is { } target)
            return FindByRoute(target) is { } reaching ? Describe(reaching, $"--iface-can-reach {target}") : null;
        if (options.Interfaces.Count > 0 || options.InterfacePatterns.Count > 0)
            return null;
        return FindUnasked();
    }

    private Uplink? FindUnasked()
    {
        foreach (var address in (ReadOnlySpan<IPAddr?>)[options.PublicIP, options.PublicIPv6])
        {
            if (address is { } own && FindOwner(own) is { } owner)
                return Describe(owner, $"it has the public address {own}");
        }

        foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
        {
            if (FindByRoute(IPPrefix.Default(is6).Address) is { } link)
                return Describe(link, "the default route leaves by it");
        }

        return null;
    }

    private Link? FindNamed(string wish) =>
        IPAddr.TryParse(wish, out var address) ? FindOwner(address) : network.Links.GetValueOrDefault(wish);

    private Link? FindOwner(IPAddr address)
    {
        foreach (var own in network.Addresses)
        {
            if (own.Address.Address == address)
                return network.FindLink(own.LinkIndex);
        }

        return null;
    }

    private Link? FindMatching(InterfacePattern pattern)
    {
        try
        {
            foreach (var own in network.Addresses)
            {
                if (!own.Address.Address.IsLoopback && pattern.IsMatch(own.Address.Address.ToString()))
                    return network.FindLink(own.LinkIndex);
            }

            return network.Links.Values.OrderBy(link => link.Index).FirstOrDefault(link => pattern.IsMatch(link.Name));
        }
        catch (RegexMatchTimeoutException e)
        {
            Fault = $"--iface-regex {pattern}: matching \"{e.Input}\" took longer than {e.MatchTimeout.TotalSeconds} s; say a simpler one, or --iface";
            return null;
        }
    }

    private Link? FindByRoute(IPAddr target) => network.OnLink.Find(target) is { Link: not 0 } route ? network.FindLink(route.Link) : null;

    private Uplink? Describe(Link link, string why)
    {
        if (!link.IsUp)
            return null;
        var addresses = new List<IPPrefix>(2);
        foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
        {
            if (BestAddress(link.Index, is6) is { } best)
                addresses.Add(best);
        }

        return new Uplink(new UplinkLink(link.Index, link.Name, link.Mtu), addresses.ToValueArray(), why);
    }

    // flanneld's order: permanent before dynamic, the first before secondary and temporary ones; deprecated ones never, nor link-local ones, which mean nothing on another node.
    private IPPrefix? BestAddress(int link, bool is6)
    {
        var candidates = network.Addresses.Where(own => own.LinkIndex == link && own.Address.Is6 == is6 && !own.Address.Address.IsLinkLocalUnicast && (own.Flags & (AddressFlags.Deprecated | AddressFlags.Tentative)) == 0);
        var best = candidates
            .OrderBy(own => (own.Flags & AddressFlags.Permanent) == 0)
            .ThenBy(own => (own.Flags & AddressFlags.Secondary) != 0)
            .FirstOrDefault();
        return best?.Address;
    }
}
