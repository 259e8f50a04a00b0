using Plugboard.Firewall.Nftables;

namespace Plugboard.Coordinator.Masquerade.Nftables;

/// <summary>The desired table. Pure.</summary>
internal sealed record NftablesPlan
{
    /// <summary>The table; it has no foreign objects.</summary>
    public static Table Table { get; } =
        new(NftFamily.Inet, "plugboard_coordinator_masquerade") { Comment = "What leaves this node with its address, by the coordinator" };

    /// <summary>Its sets and maps.</summary>
    public IReadOnlyList<PlannedSet> Sets { get; init; } = [];

    /// <summary>Its chains; targets of jumps come before the chains that jump.</summary>
    public required IReadOnlyList<Chain> Chains { get; init; }

    /// <summary>The rules of the chains.</summary>
    public required IReadOnlyList<Rule> Rules { get; init; }

    /// <summary>All of it, for a comparison with the kernel.</summary>
    public TableDefinition Definition =>
        new()
        {
            Table = Table,
            Sets = [.. Sets.Select(static planned => planned.Set)],
            Chains = Chains,
            Rules = Rules,
            Elements = [.. Sets.Select(static planned => (planned.Set, planned.Elements))],
        };
}
