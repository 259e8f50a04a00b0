using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;

namespace Plugboard.Firewall.Accepting;

/// <summary>The table filter of one of the node's iptables.</summary>
/// <param name="Is6">IPv6, else IPv4.</param>
/// <param name="Variant">Which implementation.</param>
internal sealed record IptablesPlace(bool Is6, IptablesVariant Variant)
{
    /// <summary>The tool's name: <c>iptables-nft</c>.</summary>
    public string Tool =>
        (Is6 ? "ip6tables" : "iptables")
        + Variant switch
        {
            IptablesVariant.Nft => "-nft",
            IptablesVariant.Legacy => "-legacy",
            _ => "",
        };

    /// <summary>It by its tools.</summary>
    public IptablesClient Open() => new(Is6, new IptablesOptions { Table = AcceptRules.Table, Variant = Variant });

    /// <summary>All places that have a chain, found without a process.</summary>
    /// <param name="nftables">The kernel's nftables; null: it has none.</param>
    /// <param name="chain">The chain.</param>
    public static IReadOnlyList<IptablesPlace> With(NftablesClient? nftables, string chain)
    {
        var places = new List<IptablesPlace>();
        foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
        {
            var table = new Table(is6 ? NftFamily.IPv6 : NftFamily.IPv4, AcceptRules.Table);
            if (nftables is not null && nftables.Has(new Chain(table, chain)))
                places.Add(new IptablesPlace(is6, IptablesVariant.Nft));
            if (LegacyTable.HasChain(is6, AcceptRules.Table, chain))
                places.Add(new IptablesPlace(is6, IptablesVariant.Legacy));
        }

        return places;
    }
}
