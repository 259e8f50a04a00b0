using Plugboard.Addresses;

namespace Plugboard.Ipam.HostLocal;

/// <summary>
/// Ranges in the order of their addresses: finds the one that holds an address, and those that overlap, without comparing each with each.
/// Pure.
/// </summary>
internal sealed class RangeIndex
{
    private readonly NumberedRange[] sorted;

    private RangeIndex(List<NumberedRange> ranges)
    {
        sorted = [.. ranges];
        if (sorted.Length > 1)
            Array.Sort(sorted, static (left, right) => left.Range.Start.CompareTo(right.Range.Start));
    }

    /// <summary>Sorts ranges, each with its place for its number.</summary>
    public static RangeIndex OfRanges(IReadOnlyList<IPRange> ranges)
    {
        var numbered = new List<NumberedRange>(ranges.Count);
        foreach (var range in ranges)
            numbered.Add(new NumberedRange(range, numbered.Count));
        return new RangeIndex(numbered);
    }

    /// <summary>Sorts the ranges of sets, each with the index of its set as its number; a set that is null has none.</summary>
    public static RangeIndex OfSets(IEnumerable<IReadOnlyList<IPRange>?> sets)
    {
        var numbered = new List<NumberedRange>();
        var number = 0;
        foreach (var set in sets)
        {
            foreach (var range in set ?? [])
                numbered.Add(new NumberedRange(range, number));
            number++;
        }

        return new RangeIndex(numbered);
    }

    /// <summary>The range that holds the address, and its number; null if none does. For ranges that do not overlap.</summary>
    public NumberedRange? Find(IPAddr address)
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

    /// <summary>
    /// Pairs of ranges that share an address, the lower number first, in the order of the numbers: each range that overlaps is in one of
    /// them.
    /// </summary>
    public IReadOnlyList<RangeOverlap> FindOverlaps()
    {
        var pairs = new List<RangeOverlap>();
        for (var (i, longest) = (1, 0); i < sorted.Length; i++)
        {
            var (before, next) = (sorted[longest], sorted[i]);
            if (before.Range.Contains(next.Range.Start))
                pairs.Add(before.Number <= next.Number ? new RangeOverlap(before, next) : new RangeOverlap(next, before));
            if (before.Range.Start.Is6 != next.Range.Start.Is6 || before.Range.End < next.Range.End)
                longest = i;
        }

        pairs.Sort(
            static (left, right) =>
                left.First.Number != right.First.Number
                    ? left.First.Number.CompareTo(right.First.Number)
                    : left.Second.Number.CompareTo(right.Second.Number)
        );
        return pairs;
    }
}

// No tuples of values: each kind of them brings code of its own for lists and sorting into every plugin.

/// <summary>A range, and the place that it or its set has.</summary>
/// <param name="Range">The range.</param>
/// <param name="Number">From 0.</param>
internal sealed record NumberedRange(IPRange Range, int Number);

/// <summary>Two ranges that share an address.</summary>
/// <param name="First">The one with the lower number.</param>
/// <param name="Second">The other one.</param>
internal sealed record RangeOverlap(NumberedRange First, NumberedRange Second);
