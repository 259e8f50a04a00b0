namespace Plugboard.Coordinator.Engine;

/// <summary>Why a reconciler is asked; it goes into the log and the counters.</summary>
internal enum SyncCause
{
    /// <summary>The coordinator started.</summary>
    Start,

    /// <summary>The source told of a node, or a configuration file changed.</summary>
    Source,

    /// <summary>The kernel told that somebody changed something.</summary>
    Kernel,

    /// <summary>It is time to look at everything.</summary>
    Audit,

    /// <summary>The last time something could not be made right.</summary>
    Retry,
}
