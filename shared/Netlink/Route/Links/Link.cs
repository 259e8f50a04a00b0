using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Netlink.Route.Links;

/// <summary>A link as the kernel reports it. Source: rtnetlink(7), RTM_NEWLINK; include/uapi/linux/if_link.h.</summary>
public sealed record Link
{
    /// <summary>Its number in its namespace, from 1.</summary>
    public required int Index { get; init; }

    /// <summary>Its name, 1 to 15 bytes.</summary>
    public required string Name { get; init; }

    /// <summary>The driver's name, as <c>veth</c>, <c>bridge</c>; empty for hardware and loopback.</summary>
    public string Kind { get; init; } = "";

    /// <summary>The hardware type ARPHRD_*: 1 for Ethernet, 772 for loopback.</summary>
    public int HardwareType { get; init; }

    /// <summary>All flags.</summary>
    public LinkFlags Flags { get; init; }

    /// <summary>In bytes.</summary>
    public int Mtu { get; init; }

    /// <summary>The length of the queue for sending, in packets.</summary>
    public int TxQueueLength { get; init; }

    /// <summary>The Ethernet address; null for a device with other addresses or none.</summary>
    public MacAddress? Address { get; init; }

    /// <summary>Whether packets can pass.</summary>
    public OperState OperState { get; init; }

    /// <summary>The index of the bridge, bond or VRF it is a port of; 0 for none.</summary>
    public int MasterIndex { get; init; }

    /// <summary>
    /// IFLA_LINK: the index of a veth's other end, of a VLAN's parent; 0 for none. It is an index in the namespace
    /// <see cref="LinkNetNsId"/> says.
    /// </summary>
    public int PeerIndex { get; init; }

    /// <summary>
    /// The namespace that <see cref="PeerIndex"/> counts in, by this namespace's number for it; null for this namespace itself.
    /// </summary>
    public int? LinkNetNsId { get; init; }

    /// <summary>The number of reasons to be promiscuous: the flag, a bridge, packet sockets.</summary>
    public int Promiscuity { get; init; }

    /// <summary>A text for people, up to 255 bytes; empty for none.</summary>
    public string Alias { get; init; } = "";

    /// <summary>Whether a bridge filters by VLAN; null for what is no bridge.</summary>
    public bool? VlanFiltering { get; init; }

    /// <summary>The tag of a VLAN device; null for other kinds.</summary>
    public int? VlanId { get; init; }

    /// <summary>The routing table of a VRF; null for other kinds.</summary>
    public int? VrfTable { get; init; }

    /// <summary>The mode of a macvlan; null for other kinds.</summary>
    public MacvlanMode? Macvlan { get; init; }

    /// <summary>The mode of an ipvlan; null for other kinds.</summary>
    public IpvlanMode? Ipvlan { get; init; }

    /// <summary>A VXLAN device's settings; null for other kinds.</summary>
    public VxlanInfo? Vxlan { get; init; }

    /// <summary>An IPv4-in-IPv4 tunnel's settings; null for other kinds.</summary>
    public IpipInfo? Ipip { get; init; }

    /// <summary>Its settings as a bridge's port; null for other links.</summary>
    public BridgePort? Port { get; init; }

    /// <summary>IPv6's settings of it; null if the kernel has no IPv6, or the link none (an MTU below 1280).</summary>
    public LinkIPv6? IPv6 { get; init; }

    /// <summary>A number for free use (ip-sysctl: <c>net.ipv4.conf.NAME.tag</c>); 0 by default.</summary>
    public int Tag { get; init; }

    /// <summary>The address that the hardware came with; null for a device without one, or before Linux 5.6.</summary>
    public MacAddress? PermanentAddress { get; init; }

    /// <summary>
    /// The device below, as <c>pci/0000:01:10.0</c>, <c>virtio/virtio0</c>; empty for a virtual link, or before Linux 5.14.
    /// </summary>
    public string ParentDevice { get; init; } = "";

    /// <summary>Further names by which it is found (Linux 5.5). They stay with it when it is renamed or moved.</summary>
    public ValueArray<string> AlternativeNames { get; init; }

    /// <summary>Its virtual functions; empty unless they were asked for (<see cref="LinkTable.FindWithFunctions"/>).</summary>
    public ValueArray<VirtualFunction> VirtualFunctions { get; init; }

    /// <summary>Administratively up.</summary>
    public bool IsUp => (Flags & LinkFlags.Up) != 0;

    /// <summary>The loopback interface, of which each namespace has one (<c>IFF_LOOPBACK</c>).</summary>
    public bool IsLoopback => (Flags & LinkFlags.Loopback) != 0;

    /// <summary>Promiscuous because someone set the flag.</summary>
    public bool IsPromiscuous => (Flags & LinkFlags.Promiscuous) != 0;
}

/// <summary>What a link is as a port of a bridge. Source: include/uapi/linux/if_link.h, IFLA_BRPORT_*.</summary>
/// <param name="State">What passes.</param>
/// <param name="Hairpin">Packets may leave by the port they came in (IFLA_BRPORT_MODE).</param>
/// <param name="Isolated">No packets to other isolated ports (Linux 4.18); false on older kernels.</param>
public sealed record BridgePort(BridgePortState State, bool Hairpin, bool Isolated);
