using System.Runtime.InteropServices;

namespace Plugboard.Firewall.Nftables.Uapi;

/// <summary>include/uapi/linux/netfilter/xt_comment.h and xt_conntrack.h</summary>
internal static class XtMatchesH
{
    public const int XT_MAX_COMMENT_LEN = 256;

    public const ushort XT_CONNTRACK_STATE = 1 << 0;
}

/// <summary>struct xt_conntrack_mtinfo3, as far as states are concerned; the addresses before them are 146 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 164)]
internal struct XtConntrackMtinfo3
{
    [FieldOffset(146)]
    public ushort match_flags;

    [FieldOffset(150)]
    public ushort state_mask;
}
