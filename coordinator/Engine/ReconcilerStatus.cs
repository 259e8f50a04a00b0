namespace Plugboard.Coordinator.Engine;

/// <summary>How a reconciler is, at one moment.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsRight">All it keeps is as it should be.</param>
/// <param name="IsUsable">Pods can be started as far as it is concerned.</param>
/// <param name="Problems">What is not right, each a sentence.</param>
/// <param name="ChangeCounts">How many changes it made, by cause.</param>
/// <param name="SyncCount">How often it was asked.</param>
internal sealed record ReconcilerStatus(
    string Name,
    bool IsRight,
    bool IsUsable,
    IReadOnlyList<string> Problems,
    IReadOnlyDictionary<SyncCause, long> ChangeCounts,
    long SyncCount
)
{
    /// <summary>How a reconciler is now.</summary>
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
