using Plugboard.Firewall.Nftables;

namespace Plugboard.Coordinator.Masquerade.Native;

/// <summary>The table as it is to be. Pure.</summary>
internal sealed record NativeRules
{
    /// <summary>The table; nothing of anybody else's is in it.</summary>
    public static Table Table { get; } = new(NftFamily.Inet, "plugboard_coordinator_masquerade") { Comment = "What leaves this node with its address, by the coordinator" };

    /// <summary>Its sets and maps.</summary>
    public IReadOnlyList<PlannedSet> Sets { get; init; } = [];

    /// <summary>Its chains; those that are jumped to come before those that jump.</summary>
    public required IReadOnlyList<Chain> Chains { get; init; }

    /// <summary>The rules of the chains.</summary>
    public required IReadOnlyList<Rule> Rules { get; init; }

    /// <summary>Makes all of it in the place of the table that is there.</summary>
    public void AddAnewTo(NftablesBatch batch)
    {
        batch.Delete(Table);
        AddTo(batch);
    }

    /// <summary>Makes all of it; the table must not be there, or be deleted before.</summary>
    public void AddTo(NftablesBatch batch)
    {
        batch.Add(Table);
        foreach (var chain in Chains)
            batch.Add(chain);
        foreach (var set in Sets)
        {
            batch.Add(set.Set);
            batch.Add(set.Set, set.Elements);
        }

        foreach (var rule in Rules)
            batch.Add(rule);
    }
}
