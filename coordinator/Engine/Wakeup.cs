using Plugboard.Coordinator.Tracking;

namespace Plugboard.Coordinator.Engine;

/// <summary>What happened since the engine last looked; set from any thread.</summary>
internal sealed class Wakeup : IDisposable
{
    private readonly LateSignal happened = new();
    private int flags;

    /// <summary>The source delivered a change.</summary>
    public void FromSource() => Set(1);

    /// <summary>The kernel sent notifications, which wait in the monitors' queue.</summary>
    public void FromKernel() => Set(2);

    /// <summary>A configuration file changed.</summary>
    public void FromConfiguration() => Set(4);

    /// <summary>A reconciler has something to do, which waits in the engine's queue.</summary>
    public void FromReconciler() => Set(16);

    /// <summary>It is time to end.</summary>
    public void End() => Set(8);

    private void Set(int flag)
    {
        Interlocked.Or(ref flags, flag);
        happened.Set();
    }

    /// <summary>Waits until something happened or a time passed; gives what happened and forgets it.</summary>
    public (bool Source, bool Kernel, bool Configuration, bool End) Wait(TimeSpan longest)
    {
        if (longest > TimeSpan.Zero)
            happened.Wait(longest);
        var had = Interlocked.Exchange(ref flags, 0);
        return ((had & 1) != 0, (had & 2) != 0, (had & 4) != 0, (had & 8) != 0);
    }

    /// <inheritdoc/>
    public void Dispose() => happened.Dispose();
}
