using Plugboard.Addresses;

namespace Plugboard.Netlink.Route;

/// <summary>
/// An entry of a forwarding database: where a device sends packets for an Ethernet address. A VXLAN device has several with
/// 00:00:00:00:00:00, the destinations of what no other entry names. Source: rtnetlink(7), RTM_NEWNEIGH of AF_BRIDGE; bridge(8), fdb.
/// </summary>
/// <param name="LinkIndex">The index of the VXLAN device, or of the bridge's port.</param>
/// <param name="LinkAddress">The Ethernet address.</param>
/// <param name="Destination">VXLAN: the other end's address, of the family of the device's own; null for a bridge's entry.</param>
public sealed record FdbEntry(int LinkIndex, MacAddress LinkAddress, IPAddr? Destination)
{
    /// <summary>Permanent: written by hand, for ever.</summary>
    public NeighbourState State { get; init; } = NeighbourState.Permanent;

    /// <summary>Whose it is.</summary>
    public FdbFlags Flags { get; init; } = FdbFlags.Self;

    /// <summary>VXLAN: the UDP port; 0 for the device's own.</summary>
    public ushort Port { get; init; }

    /// <summary>VXLAN: the network identifier; 0 for the device's own.</summary>
    public int Vni { get; init; }

    /// <summary>VXLAN: the index of the link that packets leave by; 0 for the device's own.</summary>
    public int OutInterface { get; init; }

    /// <summary>A bridge's entry: the VLAN; 0 for none.</summary>
    public int Vlan { get; init; }

    /// <summary>A bridge's entry: the bridge's index; 0 for others. Reported only.</summary>
    public int MasterIndex { get; init; }

    internal string Subject() =>
        Destination is { } destination
            ? $"{LinkAddress} to {destination} on {LinkTable.Subject(LinkIndex)}"
            : $"{LinkAddress} on {LinkTable.Subject(LinkIndex)}";
}
