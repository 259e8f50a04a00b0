namespace Plugboard.Firewall.Nftables;

/// <summary>
/// The type of a field of a set's key or of a map's data. The numbers are nft's own: the kernel keeps them for it. Source: nftables,
/// include/datatype.h.
/// </summary>
/// <param name="Id">nft's number, below 64.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Name">nft's name.</param>
public readonly record struct DataType(int Id, int Length, string Name)
{
    /// <summary>An IPv4 address.</summary>
    public static DataType Ipv4Addr => new(7, 4, "ipv4_addr");

    /// <summary>An IPv6 address.</summary>
    public static DataType Ipv6Addr => new(8, 16, "ipv6_addr");

    /// <summary>An Ethernet address.</summary>
    public static DataType EtherAddr => new(9, 6, "ether_addr");

    /// <summary>The type of an Ethernet frame's content; of selectors, not of sets.</summary>
    public static DataType EtherType => new(10, 2, "ether_type");

    /// <summary>The number of a VLAN, in network order; of selectors, not of sets.</summary>
    public static DataType VlanId => new(4, 2, "vlan_id");

    /// <summary>How many routers may pass a packet on; of selectors, not of sets.</summary>
    public static DataType HopLimit => new(4, 1, "hoplimit");

    /// <summary>The IP header's protocol number.</summary>
    public static DataType InetProto => new(12, 1, "inet_proto");

    /// <summary>A port.</summary>
    public static DataType InetService => new(13, 2, "inet_service");

    /// <summary>A packet's or a flow's mark, in host order.</summary>
    public static DataType Mark => new(19, 4, "mark");

    /// <summary>A number, in host order; of selectors, not of sets.</summary>
    public static DataType Number => new(4, 4, "integer");

    /// <summary>A flow's direction: 0 original, 1 reply.</summary>
    public static DataType FlowDirection => new(27, 1, "ct_dir");

    /// <summary>The type of an ICMPv6 message.</summary>
    public static DataType Icmpv6Type => new(29, 1, "icmpv6_type");

    /// <summary>A link's name, in 16 bytes.</summary>
    public static DataType IfName => new(41, 16, "ifname");

    /// <summary>nft's type of a number; where it is another than those above, without name and length.</summary>
    internal static DataType OfId(int id) =>
        id switch
        {
            4 => Number,
            7 => Ipv4Addr,
            8 => Ipv6Addr,
            9 => EtherAddr,
            12 => InetProto,
            13 => InetService,
            19 => Mark,
            27 => FlowDirection,
            29 => Icmpv6Type,
            41 => IfName,
            _ => new DataType(id, 0, ""),
        };

    /// <summary>An address of a family.</summary>
    public static DataType Address(bool is6) => is6 ? Ipv6Addr : Ipv4Addr;

    /// <summary>Bytes with padding: each field of a concatenation begins at a register.</summary>
    internal int PaddedLength => (Length + 3) & ~3;

    /// <summary>True if the bytes are in host order.</summary>
    internal bool IsHostEndian => Id is 4 or 19 or 27 or 41;
}
