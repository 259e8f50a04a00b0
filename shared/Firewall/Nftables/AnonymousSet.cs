namespace Plugboard.Firewall.Nftables;

/// <summary>The values of a set without a name: in order, those that overlap or follow one another made one, as nft does.</summary>
internal sealed class AnonymousSet
{
    /// <summary>The kernel puts a number in.</summary>
    public const string KernelName = "__set%d";

    private readonly DataType type;

    public AnonymousSet(DataType type, IReadOnlyList<(Field From, Field To)> ranges)
    {
        if (ranges.Count == 0)
            throw new ArgumentException("a set without a name holds at least one value", nameof(ranges));
        this.type = type;
        var elements = new List<SetElement>(ranges.Count);
        foreach (var (from, to) in ranges)
        {
            var isOne = from.Bytes.AsSpan().SequenceEqual(to.Bytes);
            HasRanges |= !isOne;
            elements.Add(new SetElement(from.Bytes) { KeyEnd = to.Bytes });
        }

        if (HasRanges && type.IsHostEndian)
            throw new ArgumentException($"there are no ranges of {type.Name}: the kernel orders by bytes in network order", nameof(ranges));
        elements.Sort(static (a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key));
        Elements = Merge(elements);
    }

    /// <summary>Some are ranges.</summary>
    public bool HasRanges { get; }

    /// <summary>Each with its last value.</summary>
    public IReadOnlyList<SetElement> Elements { get; }

    /// <summary>What it is made as.</summary>
    public Set ToSet(Table table) => new(table, KernelName, [type]) { IsInterval = HasRanges, IsAnonymous = true };

    private List<SetElement> Merge(List<SetElement> sorted)
    {
        var merged = new List<SetElement>(sorted.Count);
        foreach (var element in sorted)
        {
            if (merged.Count > 0 && Touches(merged[^1], element))
            {
                if (merged[^1].KeyEnd.AsSpan().SequenceCompareTo(element.KeyEnd) < 0)
                    merged[^1] = merged[^1] with { KeyEnd = element.KeyEnd };
            }
            else
            {
                merged.Add(element);
            }
        }

        return merged;
    }

    private bool Touches(SetElement before, SetElement after)
    {
        if (before.KeyEnd.AsSpan().SequenceCompareTo(after.Key) >= 0)
            return true;
        return HasRanges && IntervalEnds.Next(before.KeyEnd!) is { } next && next.AsSpan().SequenceEqual(after.Key);
    }

    /// <summary>nft's words.</summary>
    public override string ToString()
    {
        var words = new string[Elements.Count];
        for (var i = 0; i < words.Length; i++)
            words[i] = FieldText.Describe([type], Elements[i].Key, Elements[i].KeyEnd);
        return $"{{ {string.Join(", ", words)} }}";
    }
}
