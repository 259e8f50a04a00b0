using Plugboard.Addresses;

namespace Plugboard.Ipam.HostLocal;

/// <summary>Ranges of one family that share no address: a container gets one address of the set.</summary>
/// <param name="ranges">At least one.</param>
internal sealed class RangeSet(IReadOnlyList<IPRange> ranges)
{
    /// <summary>The ranges in the order of the config.</summary>
    public IReadOnlyList<IPRange> Ranges { get; } = ranges;

    /// <summary>True for IPv6.</summary>
    public bool Is6 => Ranges[0].Start.Is6;

    /// <summary>How many addresses can be given out.</summary>
    public UInt128 Size
    {
        get
        {
            var size = UInt128.Zero;
            foreach (var range in Ranges)
                size += range.Size;
            return size;
        }
    }

    /// <summary>The range that holds the address; null where none does.</summary>
    public IPRange? FindRange(IPAddr address)
    {
        foreach (var range in Ranges)
        {
            if (range.Contains(address))
                return range;
        }

        return null;
    }

    /// <summary>True where the two sets share an address.</summary>
    public bool Overlaps(RangeSet other)
    {
        foreach (var mine in Ranges)
        {
            foreach (var theirs in other.Ranges)
            {
                if (mine.Overlaps(theirs))
                    return true;
            }
        }

        return false;
    }

    /// <summary>
    /// One full turn over the set, without the gateways: from the address after <paramref name="last"/>, so that an address rests as long as
    /// possible after its release, and with <paramref name="last"/> itself at the end. From the first address where the set does not hold it.
    /// </summary>
    public IEnumerable<Candidate> Turn(IPAddr? last)
    {
        var (index, address) = last is { } known ? After(known) : (0, Ranges[0].Start);
        var first = address;
        do
        {
            var range = Ranges[index];
            if (address != range.Gateway)
                yield return new Candidate(address, range);
            (index, address) = After(index, address);
        }
        while (address != first);
    }

    private (int Index, IPAddr Address) After(IPAddr address)
    {
        for (var i = 0; i < Ranges.Count; i++)
        {
            if (Ranges[i].Contains(address))
                return After(i, address);
        }

        return (0, Ranges[0].Start);
    }

    private (int Index, IPAddr Address) After(int index, IPAddr address)
    {
        if (address != Ranges[index].End)
            return (index, address.Next());
        var next = (index + 1) % Ranges.Count;
        return (next, Ranges[next].Start);
    }

    /// <summary>The ranges, divided by commas.</summary>
    public override string ToString() => string.Join(',', Ranges);
}
