using Plugboard.Addresses;

namespace Plugboard.Ipam.HostLocal;

/// <summary>Addresses to give out, from the first to the last, both included, but never the gateway.</summary>
/// <param name="Subnet">The network whose prefix length the addresses get.</param>
/// <param name="Start">The first address.</param>
/// <param name="End">The last address.</param>
/// <param name="Gateway">The network's gateway; it may lie outside the network.</param>
internal sealed record IPRange(IPPrefix Subnet, IPAddr Start, IPAddr End, IPAddr Gateway)
{
    /// <summary>True where the address is from start to end; the gateway too.</summary>
    public bool Contains(IPAddr address) => address.Is6 == Start.Is6 && Start <= address && address <= End;

    /// <summary>True where the two share an address.</summary>
    public bool Overlaps(IPRange other) => Start.Is6 == other.Start.Is6 && Start <= other.End && other.Start <= End;

    /// <summary>How many addresses can be given out.</summary>
    public UInt128 Size
    {
        get
        {
            var count = End.Value - Start.Value;
            return Contains(Gateway) || count == UInt128.MaxValue ? count : count + 1;
        }
    }

    /// <summary><c>start-end</c>.</summary>
    public override string ToString() => $"{Start}-{End}";
}
