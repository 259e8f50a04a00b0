using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Bridge;

/// <summary>
/// What keeps a bridge of the node's own as it is when pods come. A bridge that was given no hardware address takes the least of its
/// ports', and one that was given no MTU the least of theirs (net/bridge/br_stp_if.c, br_stp_recalculate_bridge_id; br_if.c,
/// br_mtu_auto_adjust): the node would change its address, and whoever has it in the ARP cache would lose it. What is written stays, also
/// when it is what the bridge has. Whether it was written the kernel tells nobody over netlink, and to write it empties the neighbour cache
/// of the link: so it is done once, and the link's tag (ip-sysctl: <c>net.ipv4.conf.NAME.tag</c>), a number for anybody's use that is part
/// of every answer, says that it was.
/// </summary>
internal static class BridgePin
{
    // "CNI" in ASCII, and flags.
    private const int Mark = 0x434e4900;
    private const int PinnedAddress = 1;
    private const int PinnedMtu = 2;
    private const int OtherHosts = 4;
    private const int AllFlags = 0xff;

    private const int MaxMtu = 65535;

    /// <summary>True where it is to be pinned before a port is added.</summary>
    public static bool IsWanted(Link bridge) => bridge.Tag == 0;

    /// <summary>True where somebody uses the tag for something else; then a gateway's address is pinned and no other.</summary>
    public static bool IsForeign(Link bridge) => bridge.Tag != 0 && (bridge.Tag & ~AllFlags) != Mark;

    /// <summary>True where hosts beyond this node may be on the bridge's network, or come to it.</summary>
    public static bool HasOtherHosts(Link bridge) => IsForeign(bridge) || (bridge.Tag & OtherHosts) != 0;

    /// <summary>
    /// True where the pod's port would cut the bridge's MTU below what IPv6 needs, and the kernel would take the bridge's IPv6 addresses.
    /// </summary>
    public static bool LosesIPv6(RouteClient host, Link bridge, BridgeConfig config) =>
        config.IsTooSmallForIPv6()
        && (IsForeign(bridge) || (bridge.Tag & PinnedMtu) == 0)
        && bridge.Mtu >= SmallMtu.IPv6Minimum
        && host.Addresses.List(bridge.Index, AddressFamily.IPv6).Any(static address => !address.Address.Address.IsLinkLocalUnicast);

    /// <summary>What a bridge is told that was made with an address of its own, and has no ports.</summary>
    public static LinkChange OfNew() => new() { Tag = Mark | PinnedAddress };

    /// <summary>
    /// What to change on a bridge that was found, so that it stays as it is; nothing where it does. The MTU is made ready for it.
    /// </summary>
    public static LinkChange Of(RouteClient host, Link bridge, BridgeConfig config)
    {
        var flags = PinnedAddress;
        var isMtuWanted = LosesIPv6(host, bridge, config);
        if (IsWanted(bridge))
        {
            var ports = host.Links.ListByMaster(bridge.Index);
            var hasUplink = ports.Any(static port => port is not { Kind: "veth", LinkNetNsId: not null });
            isMtuWanted |= hasUplink;
            // One without ports is made for what is to come.
            flags |= hasUplink || ports.Count == 0 ? OtherHosts : 0;
        }

        var change = IsWanted(bridge) ? new LinkChange { Tag = Mark | flags, Address = bridge.Address } : new LinkChange();
        if (!isMtuWanted)
            return change;
        // The kernel passes over an MTU that is as it was, and counts none as chosen that it did not change.
        host.Links.Set(bridge.Index, new LinkChange { Mtu = bridge.Mtu < MaxMtu ? bridge.Mtu + 1 : bridge.Mtu - 1 });
        return change with { Mtu = bridge.Mtu, Tag = IsForeign(bridge) ? null : (change.Tag ?? bridge.Tag) | PinnedMtu };
    }
}
