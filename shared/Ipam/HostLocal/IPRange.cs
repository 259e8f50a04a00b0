using Plugboard.Addresses;

namespace Plugboard.Ipam.HostLocal;

/// <summary>Addresses to lease, from the first to the last, both included, without those of <see cref="ReservedAddresses"/>.</summary>
/// <param name="Subnet">The network whose prefix length the addresses get.</param>
/// <param name="Start">The first address.</param>
/// <param name="End">The last address.</param>
/// <param name="Gateway">The network's gateway; it may lie outside the network.</param>
internal sealed record IPRange(IPPrefix Subnet, IPAddr Start, IPAddr End, IPAddr Gateway)
{
    /// <summary>True if the address is from start to end, reserved or not.</summary>
    public bool Contains(IPAddr address) => address.Is6 == Start.Is6 && Start <= address && address <= End;

    /// <summary>True if an address is in both.</summary>
    public bool Overlaps(IPRange other) => other.Start.Is6 == Start.Is6 && Start <= other.End && other.Start <= End;

    /// <summary>
    /// How many addresses there are from start to end, reserved ones too; one less where that number has no place in 128 bits.
    /// </summary>
    public UInt128 Size => End.Value - Start.Value is var count && count == UInt128.MaxValue ? count : count + 1;

    /// <summary><c>start-end</c>.</summary>
    public override string ToString() => $"{Start}-{End}";
}
