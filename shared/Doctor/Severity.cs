namespace Plugboard.Doctor;

/// <summary>How much a finding matters.</summary>
public enum Severity
{
    /// <summary>Nothing is broken by it today.</summary>
    Notice,

    /// <summary>Something works worse, or will stop.</summary>
    Warning,

    /// <summary>Pods do not start, or do not reach each other.</summary>
    Error,
}
