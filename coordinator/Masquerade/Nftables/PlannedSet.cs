using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;

namespace Plugboard.Coordinator.Masquerade.Nftables;

/// <summary>A set or map with all its elements.</summary>
/// <param name="Set">What it is.</param>
/// <param name="Elements">What is in it; ranges do not overlap.</param>
internal sealed record PlannedSet(Set Set, IReadOnlyList<SetElement> Elements)
{
    /// <summary>A set of networks; what lies in another of them is left out: the kernel takes no ranges that overlap.</summary>
    /// <param name="set">A set of ranges of addresses.</param>
    /// <param name="networks">In any order, each with why it is there.</param>
    public static PlannedSet OfNetworks(Set set, IEnumerable<(IPPrefix Network, string Why)> networks)
    {
        var elements = new List<SetElement>();
        IPPrefix? last = null;
        // A network comes before those in it: stable, so that the first reason given stays.
        foreach (var (network, why) in networks.Select(item => (Network: item.Network.Network, item.Why)).OrderBy(item => item.Network))
        {
            if (last is { } before && before.Overlaps(network))
                continue;
            last = network;
            elements.Add(new SetElement(Field.Of(network.Address).Bytes) { KeyEnd = Field.Of(network.Last).Bytes, Comment = why });
        }

        return new PlannedSet(set, elements);
    }

    /// <summary>A set of links.</summary>
    public static PlannedSet OfLinks(Set set, IEnumerable<string> links) =>
        new(set, [.. links.Distinct(StringComparer.Ordinal).Select(link => new SetElement(Field.Link(link).Bytes))]);
}
