using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route.Links;

/// <summary>An 802.1Q or 802.1ad VLAN above another link. Source: ip-link(8), TYPE vlan.</summary>
public sealed record VlanSpec : LinkSpec
{
    /// <inheritdoc/>
    public override string Kind => "vlan";

    /// <summary>The index of the link below, in the client's namespace.</summary>
    public required int Parent { get; init; }

    /// <summary>0 to 4094.</summary>
    public required int Id { get; init; }

    /// <summary>The frame's type, ETH_P_8021Q or ETH_P_8021AD; 0 for 802.1Q. Source: include/uapi/linux/if_ether.h.</summary>
    public ushort Protocol { get; init; }

    private protected override int ParentIndex => Parent;

    private protected override void WriteData(NetlinkWriter writer)
    {
        writer.WriteUInt16(IfLinkH.IFLA_VLAN_ID, (ushort)Id);
        if (Protocol != 0)
            writer.WriteUInt16BigEndian(IfLinkH.IFLA_VLAN_PROTOCOL, Protocol);
    }
}
