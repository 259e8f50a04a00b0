namespace Plugboard.Coordinator.Engine;

/// <summary>What a reconciler did.</summary>
/// <param name="Changes">What was changed, in order; empty: all was as it should be.</param>
/// <param name="Problems">What could not be made right, each a sentence with what to do; while there are any the node is not ready and it
/// is tried again. Empty: all is right.</param>
internal sealed record SyncOutcome(IReadOnlyList<Change> Changes, IReadOnlyList<string> Problems)
{
    /// <summary>True where pods can be started all the same: what is wrong concerns single peers only.</summary>
    public bool IsUsable { get; init; } = Problems.Count == 0;

    /// <summary>Nothing to do, nothing wrong.</summary>
    public static SyncOutcome Steady { get; } = new([], []);

    /// <summary>Both, one after the other.</summary>
    public SyncOutcome And(SyncOutcome next) =>
        new([.. Changes, .. next.Changes], [.. Problems, .. next.Problems]) { IsUsable = IsUsable && next.IsUsable };
}
