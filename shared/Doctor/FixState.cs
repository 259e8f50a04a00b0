namespace Plugboard.Doctor;

/// <summary>What became of a fix.</summary>
public enum FixState
{
    /// <summary>Done, and the finding is gone.</summary>
    Helped,

    /// <summary>Done, the finding was still there, and so taken back.</summary>
    Undone,

    /// <summary>Not done: the node has changed since, so that it would not be safe.</summary>
    NotSafeAnyMore,

    /// <summary>It failed.</summary>
    Failed,
}
