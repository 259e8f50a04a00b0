namespace Plugboard.Doctor;

/// <summary>What an examination found.</summary>
/// <param name="Findings">What is wrong, what matters most first.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record DoctorReport(IReadOnlyList<Finding> Findings, TimeSpan Elapsed)
{
    /// <summary>True if nothing was found that is more than a notice.</summary>
    public bool IsHealthy => !Findings.Any(static finding => finding.Severity > Severity.Notice);
}
