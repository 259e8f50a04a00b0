namespace Plugboard.Coordinator.Reconciling;

/// <summary>Why a reconciler runs; for the log and the counters.</summary>
internal enum SyncCause
{
    /// <summary>The coordinator started.</summary>
    Start,

    /// <summary>The source delivered a change, or a configuration file changed.</summary>
    Source,

    /// <summary>The kernel reported a change by another process.</summary>
    Kernel,

    /// <summary>The audit is due.</summary>
    Audit,

    /// <summary>The last run left a problem.</summary>
    Retry,
}
