namespace Plugboard.Firewall.Nftables;

/// <summary>nft's words for families.</summary>
internal static class NftFamilyWord
{
    /// <summary>The word, such as <c>inet</c>.</summary>
    public static string Word(this NftFamily family) =>
        family switch
        {
            NftFamily.Inet => "inet",
            NftFamily.IPv4 => "ip",
            NftFamily.IPv6 => "ip6",
            NftFamily.Arp => "arp",
            NftFamily.Netdev => "netdev",
            _ => "bridge",
        };
}
