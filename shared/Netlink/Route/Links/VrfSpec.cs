using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route.Links;

/// <summary>
/// A virtual routing and forwarding domain: the links that have it as their master route by a table of their own. Source: ip-link(8), TYPE
/// vrf; Documentation/networking/vrf.rst.
/// </summary>
public sealed record VrfSpec : LinkSpec
{
    /// <inheritdoc/>
    public override string Kind => "vrf";

    /// <summary>The routing table, from 1.</summary>
    public required int Table { get; init; }

    private protected override void WriteData(NetlinkWriter writer) => writer.WriteUInt32(IfLinkH.IFLA_VRF_TABLE, (uint)Table);
}
