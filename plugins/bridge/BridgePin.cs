using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;

namespace Plugboard.Bridge;

/// <summary>
/// Fixes the hardware address and MTU of an existing bridge when pods come. A bridge without a configured hardware address takes the least
/// of its ports', and one without a configured MTU the least of theirs (net/bridge/br_stp_if.c, br_stp_recalculate_bridge_id; br_if.c,
/// br_mtu_auto_adjust): the node would change its address, and hosts with the old one in the ARP cache would lose it. Writing a value fixes
/// it, even the present one. The kernel does not report over netlink whether it was written, and writing it empties the neighbour cache of
/// the link: so it is done once, and the link's tag (ip-sysctl: <c>net.ipv4.conf.NAME.tag</c>), a number for free use that is part of every
/// answer, marks that it was.
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

    /// <summary>True if it must be fixed before a port is added.</summary>
    public static bool IsWanted(Link bridge) => bridge.Tag == 0;

    /// <summary>True if the tag is used for something else; then only a gateway's address is fixed.</summary>
    public static bool IsForeign(Link bridge) => bridge.Tag != 0 && (bridge.Tag & ~AllFlags) != Mark;

    /// <summary>True where hosts beyond this node may be on the bridge's network, or come to it.</summary>
    public static bool HasOtherHosts(Link bridge) => IsForeign(bridge) || (bridge.Tag & OtherHosts) != 0;

    /// <summary>
    /// True where the pod's port would cut the bridge's MTU below what IPv6 needs, and the kernel would take the bridge's IPv6 addresses.
    /// </summary>
    public static bool LosesIPv6(RouteClient host, Link bridge, BridgeConfig config) =>
        SmallMtu.IsTooSmallForIPv6(config.Mtu)
        && (IsForeign(bridge) || (bridge.Tag & PinnedMtu) == 0)
        && bridge.Mtu >= SmallMtu.IPv6Minimum
        && host.Addresses.List(bridge.Index, AddressFamily.IPv6).Any(static address => !address.Address.Address.IsLinkLocalUnicast);

    /// <summary>The settings of a bridge that was made with an address of its own, and has no ports.</summary>
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
