using Plugboard.Firewall.Nftables;

namespace Plugboard.Coordinator.Masquerade.Nftables;

/// <summary>The table as it is to be. Pure.</summary>
internal sealed record NftablesPlan
{
    /// <summary>The table; nothing of anybody else's is in it.</summary>
    public static Table Table { get; } =
        new(NftFamily.Inet, "plugboard_coordinator_masquerade") { Comment = "What leaves this node with its address, by the coordinator" };

    /// <summary>Its sets and maps.</summary>
    public IReadOnlyList<PlannedSet> Sets { get; init; } = [];

    /// <summary>Its chains; those that are jumped to come before those that jump.</summary>
    public required IReadOnlyList<Chain> Chains { get; init; }

    /// <summary>The rules of the chains.</summary>
    public required IReadOnlyList<Rule> Rules { get; init; }

    /// <summary>All of it, to be compared with what the kernel has.</summary>
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
