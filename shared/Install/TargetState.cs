namespace Plugboard.Install;

/// <summary>What stands at a target.</summary>
public enum TargetState
{
    /// <summary>Nothing.</summary>
    Missing,

    /// <summary>Installed by us.</summary>
    Ours,

    /// <summary>Installed by another program, and never replaced or restored by us.</summary>
    Foreign,

    /// <summary>Not the installed file: another program replaced or changed it.</summary>
    Differs,
}
