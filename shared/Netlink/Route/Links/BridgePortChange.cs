using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route.Links;

/// <summary>What to change on a bridge port; null leaves as it is.</summary>
public sealed record BridgePortChange
{
    /// <summary>Packets may leave by the port they came in (IFLA_BRPORT_MODE).</summary>
    public bool? Hairpin { get; init; }

    /// <summary>No packets to other isolated ports (IFLA_BRPORT_ISOLATED, Linux 4.18; older kernels ignore it).</summary>
    public bool? Isolated { get; init; }

    internal void Write(NetlinkWriter writer)
    {
        if (Hairpin is { } hairpin)
            writer.WriteUInt8(IfLinkH.IFLA_BRPORT_MODE, (byte)(hairpin ? 1 : 0));
        if (Isolated is { } isolated)
            writer.WriteUInt8(IfLinkH.IFLA_BRPORT_ISOLATED, (byte)(isolated ? 1 : 0));
    }
}
