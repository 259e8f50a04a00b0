using Plugboard.Addresses;
using Plugboard.Coordinator.Policy.Objects;

namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>Blocks of addresses as disjoint ranges: a kernel's set of ranges has no exceptions. Pure.</summary>
internal static class AddressRanges
{
    /// <summary>The ranges of one family, in order, none touching the next.</summary>
    public static List<(IPAddr First, IPAddr Last)> Of(IEnumerable<IpBlock> blocks, bool is6)
    {
        var all = new List<(IPAddr First, IPAddr Last)>();
        foreach (var block in blocks)
        {
            if (block.Cidr.Is6 == is6)
                AddWithout(block, all);
        }

        all.Sort(static (one, other) => one.First.CompareTo(other.First));
        var merged = new List<(IPAddr First, IPAddr Last)>(all.Count);
        foreach (var (first, last) in all)
        {
            if (merged.Count > 0 && (merged[^1].Last >= first || merged[^1].Last.Next() == first))
                merged[^1] = (merged[^1].First, merged[^1].Last >= last ? merged[^1].Last : last);
            else
                merged.Add((first, last));
        }

        return merged;
    }

    private static void AddWithout(IpBlock block, List<(IPAddr First, IPAddr Last)> ranges)
    {
        var (next, end) = (block.Cidr.Network.Address, block.Cidr.Last);
        foreach (var part in block.Except.OrderBy(static part => part.Address))
        {
            if (part.Last < next)
                continue;
            if (part.Address > next)
                ranges.Add((next, part.Address.Previous()));
            if (part.Last == end)
                return;
            next = part.Last.Next();
        }

        ranges.Add((next, end));
    }
}
