namespace Plugboard.Install;

/// <summary>What stands at a target.</summary>
public enum TargetState
{
    /// <summary>Nothing.</summary>
    Missing,

    /// <summary>What we placed.</summary>
    Ours,

    /// <summary>What others put there, and we never replaced or put back.</summary>
    Foreign,

    /// <summary>Something else than what we placed: others replaced or changed it.</summary>
    Differs,
}
