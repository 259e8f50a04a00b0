using Plugboard.Firewall.Nftables;

namespace Plugboard.Firewall.Restoring;

/// <summary>
/// Which removals from nftables show that iptables-nft's or firewalld's rules of pods may be gone: a flush, a reload, a restart. Pure.
/// </summary>
internal static class ToolTraces
{
    private const string OwnPrefix = "CNI-";
    private const string Firewalld = "firewalld";

    // The chains that jumps to the plugins' chains are in.
    private static readonly string[] hooked = ["FORWARD", "PREROUTING", "POSTROUTING", "OUTPUT"];

    /// <summary>True for a table, a chain of the plugins' or a rule of it, and a rule of a chain that jumps to one.</summary>
    public static bool IsOf(NftablesRemoval removal) =>
        removal.Table.Name == Firewalld
        || (
            removal.Table is { Family: NftFamily.IPv4 or NftFamily.IPv6, Name: "filter" or "nat" }
            && (
                removal.Chain.Length == 0 || removal.Chain.StartsWith(OwnPrefix, StringComparison.Ordinal) || hooked.Contains(removal.Chain)
            )
        );
}
