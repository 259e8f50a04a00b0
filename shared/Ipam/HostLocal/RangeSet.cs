using Plugboard.Addresses;

namespace Plugboard.Ipam.HostLocal;

/// <summary>Ranges of one family that share no address: a container gets one address of the set.</summary>
/// <param name="ranges">At least one.</param>
/// <param name="reserved">What no pod gets.</param>
internal sealed class RangeSet(IReadOnlyList<IPRange> ranges, ReservedAddresses reserved)
{
    private RangeIndex? index;

    /// <summary>The ranges in the order of the config.</summary>
    public IReadOnlyList<IPRange> Ranges { get; } = ranges;

    /// <summary>What no pod gets, of the whole network.</summary>
    public ReservedAddresses Reserved { get; } = reserved;

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
            return size - (UInt128)Reserved.CountIn(address => FindRange(address) is not null);
        }
    }

    /// <summary>True if there is no address to give out, however many are free.</summary>
    public bool IsEmpty
    {
        get
        {
            foreach (var _ in Turn(null))
                return false;
            return true;
        }
    }

    /// <summary>The range that holds the address, reserved or not; null if none does.</summary>
    public IPRange? FindRange(IPAddr address)
    {
        if (Ranges.Count == 1)
            return Ranges[0].Contains(address) ? Ranges[0] : null;
        index ??= RangeIndex.OfRanges(Ranges);
        return index.Find(address)?.Range;
    }

    /// <summary>
    /// One pass over the set, without reserved addresses: from the address after <paramref name="last"/>, so that an address rests as long
    /// as possible after its release, and with <paramref name="last"/> itself at the end. From the first address if the set does not
    /// contain it.
    /// </summary>
    public IEnumerable<Candidate> Turn(IPAddr? last)
    {
        var (index, address) = last is { } known ? After(known) : (0, Ranges[0].Start);
        var first = address;
        do
        {
            if (Reserved.IsFree(address))
                yield return new Candidate(address, Ranges[index]);
            (index, address) = After(index, address);
        } while (address != first);
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
