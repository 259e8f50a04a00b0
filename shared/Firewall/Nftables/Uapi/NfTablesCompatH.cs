namespace Plugboard.Firewall.Nftables.Uapi;

/// <summary>include/uapi/linux/netfilter/nf_tables_compat.h</summary>
internal static class NfTablesCompatH
{
    // enum nft_target_attributes
    public const ushort NFTA_TARGET_NAME = 1;

    // enum nft_match_attributes
    public const ushort NFTA_MATCH_NAME = 1;
    public const ushort NFTA_MATCH_REV = 2;
    public const ushort NFTA_MATCH_INFO = 3;
}
