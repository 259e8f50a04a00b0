using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route.Links;

/// <summary>
/// A pair of Ethernet devices, each the other's cable; one request makes both. Source: veth(4); include/uapi/linux/veth.h.
/// </summary>
public sealed record VethSpec : LinkSpec
{
    /// <inheritdoc/>
    public override string Kind => "veth";

    /// <summary>The other end.</summary>
    public required VethPeer Peer { get; init; }

    private protected override void WriteData(NetlinkWriter writer)
    {
        using var peer = writer.Nested(VethH.VETH_INFO_PEER);
        writer.WriteStruct(default(IfInfoMsg));
        writer.WriteString(IfLinkH.IFLA_IFNAME, Peer.Name);
        if (Peer.Mtu != 0)
            writer.WriteUInt32(IfLinkH.IFLA_MTU, (uint)Peer.Mtu);
        if (Peer.Address is { } address)
            writer.WriteMac(IfLinkH.IFLA_ADDRESS, address);
        if (Peer.NetNs is not null)
            writer.WriteDescriptor(IfLinkH.IFLA_NET_NS_FD, Peer.NetNs);
        WriteQueues(writer, Queues);
    }
}
