using System.Runtime.InteropServices;

namespace Plugboard.Firewall.Nftables.Uapi;

/// <summary>include/uapi/linux/netfilter/nfnetlink.h</summary>
internal static class NfnetlinkH
{
    public const ushort NFNL_SUBSYS_NFTABLES = 10;
    public const int NFNLGRP_NFTABLES = 7;
    public const ushort NFNL_MSG_BATCH_BEGIN = 16;
    public const ushort NFNL_MSG_BATCH_END = 17;
    public const ushort NFNL_BATCH_GENID = 1;
}

[StructLayout(LayoutKind.Sequential)]
internal struct NfGenMsg
{
    public byte nfgen_family;
    public byte version;

    /// <summary>Network order.</summary>
    public ushort res_id;
}
