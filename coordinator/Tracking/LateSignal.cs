namespace Plugboard.Coordinator.Tracking;

/// <summary>
/// Wakes the one thread that waits; set from any thread, also after that thread disposed of it: who notifies last must not crash the
/// process because no thread waits any more.
/// </summary>
internal sealed class LateSignal : IDisposable
{
    private readonly AutoResetEvent happened = new(initialState: false);

    /// <summary>Wakes it, or the next one that waits.</summary>
    public void Set()
    {
        try
        {
            happened.Set();
        }
        catch (ObjectDisposedException)
        {
            // No thread waits any more.
        }
    }

    /// <summary>Waits until it is set, or a time passed.</summary>
    public void Wait(TimeSpan longest) => happened.WaitOne(longest);

    /// <inheritdoc/>
    public void Dispose() => happened.Dispose();
}
