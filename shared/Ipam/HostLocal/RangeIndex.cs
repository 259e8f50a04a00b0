using Plugboard.Addresses;

namespace Plugboard.Ipam.HostLocal;

/// <summary>Ranges in the order of their addresses: finds the one that holds an address, and those that overlap, without comparing each with each. Pure.</summary>
internal sealed class RangeIndex
{
    private readonly (IPRange Range, int Number)[] sorted;

    /// <summary>Sorts the ranges.</summary>
    /// <param name="ranges">The ranges, each with a number that is given back.</param>
    public RangeIndex(IEnumerable<(IPRange Range, int Number)> ranges)
    {
        sorted = [.. ranges];
        if (sorted.Length > 1)
            Array.Sort(sorted, static (left, right) => left.Range.Start.CompareTo(right.Range.Start));
    }

    /// <summary>The range that holds the address, and its number; null where none does. For ranges that do not overlap.</summary>
    public (IPRange Range, int Number)? Find(IPAddr address)
    {
        var (low, high) = (0, sorted.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (sorted[middle].Range.Start <= address)
                low = middle + 1;
            else
                high = middle;
        }

        return low > 0 && sorted[low - 1].Range.Contains(address) ? sorted[low - 1] : null;
    }

    /// <summary>Pairs of ranges that share an address, the lower number first, in the order of the numbers: each range that overlaps is in one of them.</summary>
    public IReadOnlyList<((IPRange Range, int Number) First, (IPRange Range, int Number) Second)> FindOverlaps()
    {
        var pairs = new List<((IPRange Range, int Number) First, (IPRange Range, int Number) Second)>();
        for (var (i, longest) = (1, 0); i < sorted.Length; i++)
        {
            var (before, next) = (sorted[longest], sorted[i]);
            if (before.Range.Contains(next.Range.Start))
                pairs.Add(before.Number <= next.Number ? (before, next) : (next, before));
            if (before.Range.Start.Is6 != next.Range.Start.Is6 || before.Range.End < next.Range.End)
                longest = i;
        }

        pairs.Sort(static (left, right) => (left.First.Number, left.Second.Number).CompareTo((right.First.Number, right.Second.Number)));
        return pairs;
    }
}
