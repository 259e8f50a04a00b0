namespace Plugboard.Coordinator.Reconciling;

/// <summary>What a reconciler did.</summary>
/// <param name="Changes">The changes made, in order; empty if everything was as it should be.</param>
/// <param name="Problems">Problems that it could not repair, each a sentence with what to do. While there are any, the node is not ready
/// and the reconciler runs again.</param>
internal sealed record SyncOutcome(IReadOnlyList<Change> Changes, IReadOnlyList<string> Problems)
{
    /// <summary>True if pods can be started in spite of the problems: they concern single peers only.</summary>
    public bool IsUsable { get; init; } = Problems.Count == 0;

    /// <summary>Nothing to do, nothing wrong.</summary>
    public static SyncOutcome Steady { get; } = new([], []);

    /// <summary>Both, one after the other.</summary>
    public SyncOutcome And(SyncOutcome next) =>
        new([.. Changes, .. next.Changes], [.. Problems, .. next.Problems]) { IsUsable = IsUsable && next.IsUsable };
}
