using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route.Links;

/// <summary>A bridge. Source: ip-link(8), TYPE bridge.</summary>
public sealed record BridgeSpec : LinkSpec
{
    /// <inheritdoc/>
    public override string Kind => "bridge";

    /// <summary>
    /// Whether it filters by VLAN; null leaves the kernel's default, false. A kernel without CONFIG_BRIDGE_VLAN_FILTERING refuses either
    /// with EOPNOTSUPP, so null and false differ.
    /// </summary>
    public bool? VlanFiltering { get; init; }

    private protected override void WriteData(NetlinkWriter writer)
    {
        if (VlanFiltering is { } filtering)
            writer.WriteUInt8(IfLinkH.IFLA_BR_VLAN_FILTERING, (byte)(filtering ? 1 : 0));
    }
}
