namespace Plugboard.Firewall.Nftables;

/// <summary>
/// A set of ranges of one field is, to the kernel, the keys where ranges begin and the keys behind their ends, in the order of their bytes;
/// what ends with the last key there is has no such end. Source: net/netfilter/nft_set_rbtree.c; NFT_SET_ELEM_INTERVAL_END.
/// </summary>
internal static class IntervalEnds
{
    /// <summary>The key after another; null if there is no other.</summary>
    public static byte[]? Next(byte[] key) => Step(key, carryFrom: 0xff, by: 1);

    private static byte[] Previous(byte[] key) => Step(key, carryFrom: 0, by: 0xff) ?? key;

    private static byte[]? Step(byte[] key, byte carryFrom, byte by)
    {
        var result = (byte[])key.Clone();
        for (var i = result.Length - 1; i >= 0; i--)
        {
            var carries = result[i] == carryFrom;
            result[i] += by;
            if (!carries)
                return result;
        }

        return null;
    }

    /// <summary>Ranges from a kernel listing, of any content: in order, each with its last key.</summary>
    public static List<SetElement> Join(List<SetElement> told)
    {
        // An end comes before a beginning with the same key.
        told.Sort(
            static (a, b) =>
                a.Key.AsSpan().SequenceCompareTo(b.Key) is not 0 and var order ? order : b.EndsInterval.CompareTo(a.EndsInterval)
        );
        var ranges = new List<SetElement>(told.Count / 2 + 1);
        SetElement? open = null;
        foreach (var each in told)
        {
            if (open is not null)
                ranges.Add(open with { KeyEnd = Previous(each.Key) });
            open = each.EndsInterval ? null : each;
        }

        if (open is not null)
        {
            var last = new byte[open.Key.Length];
            last.AsSpan().Fill(0xff);
            ranges.Add(open with { KeyEnd = last });
        }

        return ranges;
    }
}
