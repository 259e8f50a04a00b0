using Plugboard.Addresses;
using Plugboard.Linux.Files;
using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route.Links;

/// <summary>
/// A link to be made. Each kind is a record of its own. The kernel takes no alias here: it ignores IFLA_IFALIAS where a link is made
/// (rtnl_create_link), so that is a <see cref="LinkChange"/>. Source: rtnetlink(7), RTM_NEWLINK; ip-link(8).
/// </summary>
public abstract record LinkSpec
{
    /// <summary>The driver's name, as <c>veth</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>1 to 15 bytes.</summary>
    public required string Name { get; init; }

    /// <summary>In bytes; 0 for the driver's default.</summary>
    public int Mtu { get; init; }

    /// <summary>The length of the queue for sending, in packets; null for the driver's default.</summary>
    public int? TxQueueLength { get; init; }

    /// <summary>Null for a random one.</summary>
    public MacAddress? Address { get; init; }

    /// <summary>Whether it is set administratively up at once.</summary>
    public bool Up { get; init; }

    /// <summary>The index of the bridge it becomes a port of; 0 for none.</summary>
    public int MasterIndex { get; init; }

    /// <summary>The network namespace it is made in, open until the call returns; null for the client's own.</summary>
    public FileDescriptor? NetNs { get; init; }

    /// <summary>
    /// How many queues it has for sending and for receiving; 0 for the driver's default. A veth is made with one per processor and then cut
    /// to one in use, and each cut waits for an expedited RCU grace period (Linux 5.13; drivers/net/veth.c, veth_init_queues), unless the
    /// number is given.
    /// </summary>
    public int Queues { get; init; }

    private protected virtual int ParentIndex => 0;

    private protected virtual void WriteData(NetlinkWriter writer) { }

    internal void Write(NetlinkWriter writer)
    {
        var flags = Up ? IfH.IFF_UP : 0;
        writer.WriteStruct(new IfInfoMsg { ifi_flags = flags, ifi_change = flags });
        writer.WriteString(IfLinkH.IFLA_IFNAME, Name);
        if (Mtu != 0)
            writer.WriteUInt32(IfLinkH.IFLA_MTU, (uint)Mtu);
        if (TxQueueLength is { } length)
            writer.WriteUInt32(IfLinkH.IFLA_TXQLEN, (uint)length);
        if (Address is { } address)
            writer.WriteMac(IfLinkH.IFLA_ADDRESS, address);
        if (ParentIndex != 0)
            writer.WriteUInt32(IfLinkH.IFLA_LINK, (uint)ParentIndex);
        if (MasterIndex != 0)
            writer.WriteUInt32(IfLinkH.IFLA_MASTER, (uint)MasterIndex);
        if (NetNs is not null)
            writer.WriteDescriptor(IfLinkH.IFLA_NET_NS_FD, NetNs);
        WriteQueues(writer, Queues);
        using var info = writer.Nested(IfLinkH.IFLA_LINKINFO);
        writer.WriteString(IfLinkH.IFLA_INFO_KIND, Kind);
        using var data = writer.Nested(IfLinkH.IFLA_INFO_DATA);
        WriteData(writer);
    }

    private protected static void WriteQueues(NetlinkWriter writer, int queues)
    {
        if (queues == 0)
            return;
        writer.WriteUInt32(IfLinkH.IFLA_NUM_TX_QUEUES, (uint)queues);
        writer.WriteUInt32(IfLinkH.IFLA_NUM_RX_QUEUES, (uint)queues);
    }
}

/// <summary>A device that drops all it sends. Source: ip-link(8), TYPE dummy.</summary>
public sealed record DummySpec : LinkSpec
{
    /// <inheritdoc/>
    public override string Kind => "dummy";
}
