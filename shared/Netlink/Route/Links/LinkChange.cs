using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route.Links;

/// <summary>What to change on a link, in one request; null leaves as it is.</summary>
public sealed record LinkChange
{
    /// <summary>Administratively up or down.</summary>
    public bool? Up { get; init; }

    /// <summary>The promiscuous flag.</summary>
    public bool? Promiscuous { get; init; }

    /// <summary>The flag by which all multicast frames are received.</summary>
    public bool? AllMulticast { get; init; }

    /// <summary>The length of the queue for sending, in packets.</summary>
    public int? TxQueueLength { get; init; }

    /// <summary>The Ethernet address; writing the present one marks it as chosen, so a bridge keeps it.</summary>
    public MacAddress? Address { get; init; }

    /// <summary>In bytes.</summary>
    public int? Mtu { get; init; }

    /// <summary>The index of the bridge it becomes a port of; 0 takes it out.</summary>
    public int? Master { get; init; }

    /// <summary>A new name, 1 to 15 bytes; before Linux 6.2 a link that is up refuses it (EBUSY).</summary>
    public string? Name { get; init; }

    /// <summary>A text for people, up to 255 bytes; empty removes it.</summary>
    public string? Alias { get; init; }

    /// <summary>Announces the address by gratuitous ARP when the link comes up or its address changes (ip-sysctl: arp_notify).</summary>
    public bool? ArpNotify { get; init; }

    /// <summary>A number for free use (ip-sysctl: <c>net.ipv4.conf.NAME.tag</c>).</summary>
    public int? Tag { get; init; }

    /// <summary>Whether IPv6 gives the link an address of its own when it comes up (addr_gen_mode, Linux 3.17).</summary>
    public bool? LinkLocalAddress { get; init; }

    /// <summary>
    /// The network namespace it moves to, open until the call returns. It loses its addresses and goes down, before anything else of the
    /// request is done: a name is given there, so that the namespace it leaves never shows it. Where its present name is taken there,
    /// <see cref="Name"/> is needed (EEXIST), and what a request with both did is not undone where only the name is refused. Source:
    /// net/core/dev.c, __dev_change_net_namespace; net/core/rtnetlink.c, do_setlink.
    /// </summary>
    public FileDescriptor? NetNs { get; init; }

    /// <summary>What to change of virtual functions; the link must be their physical function.</summary>
    public ValueArray<VfChange> VirtualFunctions { get; init; }

    /// <summary>What to change of a bridge port; the link must be one.</summary>
    public BridgePortChange? Port { get; init; }

    internal void Write(NetlinkWriter writer, int index)
    {
        var flags = Flag(Up, IfH.IFF_UP) | Flag(Promiscuous, IfH.IFF_PROMISC) | Flag(AllMulticast, IfH.IFF_ALLMULTI);
        var change =
            (Up is null ? 0 : IfH.IFF_UP) | (Promiscuous is null ? 0 : IfH.IFF_PROMISC) | (AllMulticast is null ? 0 : IfH.IFF_ALLMULTI);
        writer.WriteStruct(
            new IfInfoMsg
            {
                ifi_index = index,
                ifi_flags = flags,
                ifi_change = change,
            }
        );
        if (Address is { } address)
            writer.WriteMac(IfLinkH.IFLA_ADDRESS, address);
        if (Mtu is { } mtu)
            writer.WriteUInt32(IfLinkH.IFLA_MTU, (uint)mtu);
        if (TxQueueLength is { } length)
            writer.WriteUInt32(IfLinkH.IFLA_TXQLEN, (uint)length);
        if (Master is { } master)
            writer.WriteUInt32(IfLinkH.IFLA_MASTER, (uint)master);
        if (Name is not null)
            writer.WriteString(IfLinkH.IFLA_IFNAME, Name);
        if (Alias is not null)
            writer.WriteString(IfLinkH.IFLA_IFALIAS, Alias);
        if (ArpNotify is not null || Tag is not null || LinkLocalAddress is not null)
            WriteFamilies(writer);
        if (NetNs is not null)
            writer.WriteDescriptor(IfLinkH.IFLA_NET_NS_FD, NetNs);
        if (VirtualFunctions.Count > 0)
            WriteFunctions(writer);
        if (Port is not null)
            WritePort(writer, Port);
    }

    private void WriteFunctions(NetlinkWriter writer)
    {
        using var list = writer.Nested(IfLinkH.IFLA_VFINFO_LIST);
        foreach (var change in VirtualFunctions)
        {
            using var info = writer.Nested(IfLinkH.IFLA_VF_INFO);
            change.Write(writer);
        }
    }

    // What /proc/sys/net/ipv4/conf/LINK has, without a path: looking one up takes longer the more namespaces the machine has.
    private void WriteFamilies(NetlinkWriter writer)
    {
        using var families = writer.Nested(IfLinkH.IFLA_AF_SPEC);
        if (ArpNotify is not null || Tag is not null)
        {
            using var inet = writer.Nested(SocketH.AF_INET);
            using var settings = writer.Nested(IfLinkH.IFLA_INET_CONF);
            if (Tag is { } tag)
                writer.WriteUInt32(IpH.IPV4_DEVCONF_TAG, (uint)tag);
            if (ArpNotify is { } notify)
                writer.WriteUInt32(IpH.IPV4_DEVCONF_ARP_NOTIFY, notify ? 1u : 0u);
        }

        if (LinkLocalAddress is { } generate)
        {
            using var inet6 = writer.Nested(SocketH.AF_INET6);
            writer.WriteUInt8(
                IfLinkH.IFLA_INET6_ADDR_GEN_MODE,
                generate ? IfLinkH.IN6_ADDR_GEN_MODE_EUI64 : IfLinkH.IN6_ADDR_GEN_MODE_NONE
            );
        }
    }

    private static void WritePort(NetlinkWriter writer, BridgePortChange change)
    {
        using var info = writer.Nested(IfLinkH.IFLA_LINKINFO);
        writer.WriteString(IfLinkH.IFLA_INFO_SLAVE_KIND, "bridge");
        using var data = writer.Nested(IfLinkH.IFLA_INFO_SLAVE_DATA);
        change.Write(writer);
    }

    private static uint Flag(bool? value, uint flag) => value == true ? flag : 0;
}
