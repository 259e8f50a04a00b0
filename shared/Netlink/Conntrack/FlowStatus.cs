using static Plugboard.Netlink.Conntrack.Uapi.NfnetlinkConntrackH;

namespace Plugboard.Netlink.Conntrack;

/// <summary>What the kernel knows of a flow. The values are its own. Source: include/uapi/linux/netfilter/nf_conntrack_common.h.</summary>
[Flags]
public enum FlowStatus : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It was announced by another flow, as an FTP data connection.</summary>
    Expected = IPS_EXPECTED,

    /// <summary>There were packets in both directions.</summary>
    SeenReply = IPS_SEEN_REPLY,

    /// <summary>It is not dropped early when the table is full.</summary>
    Assured = IPS_ASSURED,

    /// <summary>Its first packet left the node.</summary>
    Confirmed = IPS_CONFIRMED,

    /// <summary>Its source is translated.</summary>
    SourceNat = IPS_SRC_NAT,

    /// <summary>Its destination is translated.</summary>
    DestinationNat = IPS_DST_NAT,

    /// <summary>It is being removed.</summary>
    Dying = IPS_DYING,
}
