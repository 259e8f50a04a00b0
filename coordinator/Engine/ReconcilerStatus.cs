using Plugboard.Coordinator.Reconciling;

namespace Plugboard.Coordinator.Engine;

/// <summary>The state of a reconciler, at one moment.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsRight">Everything it owns is as it should be.</param>
/// <param name="IsUsable">It does not stop pods from starting.</param>
/// <param name="Problems">Its problems, each a sentence.</param>
/// <param name="ChangeCounts">How many changes it made, by cause.</param>
/// <param name="SyncCount">How often it ran.</param>
internal sealed record ReconcilerStatus(
    string Name,
    bool IsRight,
    bool IsUsable,
    IReadOnlyList<string> Problems,
    IReadOnlyDictionary<SyncCause, long> ChangeCounts,
    long SyncCount
)
{
    /// <summary>The state of a reconciler now.</summary>
    public static ReconcilerStatus Of(ReconcilerState state) =>
        new(
            state.Reconciler.Name,
            state.IsRight,
            state.IsUsable,
            state.Problems ?? [],
            new Dictionary<SyncCause, long>(state.ChangeCounts),
            state.SyncCount
        );
}
