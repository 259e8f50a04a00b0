using Plugboard.Addresses;

namespace Plugboard.Netlink.Route.Links;

/// <summary>What a VXLAN device is set to. Source: include/uapi/linux/if_link.h, IFLA_VXLAN_*.</summary>
public sealed record VxlanInfo
{
    /// <summary>The VXLAN network identifier.</summary>
    public int Vni { get; init; }

    /// <summary>The address the packets are sent from; null for the route's choice.</summary>
    public IPAddr? Local { get; init; }

    /// <summary>The default destination, for addresses without an FDB entry: one other end, or a multicast group; null if unset.</summary>
    public IPAddr? Group { get; init; }

    /// <summary>The index of the link the packets leave by; 0 for the route's choice.</summary>
    public int LinkIndex { get; init; }

    /// <summary>The UDP port.</summary>
    public ushort Port { get; init; }

    /// <summary>Whether senders are learnt into the forwarding table.</summary>
    public bool Learning { get; init; }

    /// <summary>Packets carry the group policy extension.</summary>
    public bool Gbp { get; init; }

    /// <summary>Misses of the forwarding table are notified, for a program that fills it on demand.</summary>
    public bool L2Miss { get; init; }

    /// <summary>Misses of the neighbour table are notified.</summary>
    public bool L3Miss { get; init; }

    /// <summary>Each packet's route says where it goes (<c>external</c>): the FDB is not used.</summary>
    public bool CollectMetadata { get; init; }

    /// <summary>IPv6: packets are sent without a UDP checksum.</summary>
    public bool UdpZeroChecksum6Tx { get; init; }

    /// <summary>IPv6: packets without a UDP checksum are taken.</summary>
    public bool UdpZeroChecksum6Rx { get; init; }

    /// <summary>The outer packet's time to live; 0 for the system's default.</summary>
    public byte Ttl { get; init; }
}
