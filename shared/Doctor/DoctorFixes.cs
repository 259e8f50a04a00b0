using Plugboard.Linux;

namespace Plugboard.Doctor;

/// <summary>
/// Makes the safe repairs for the findings of a report: announces each, makes it, examines the node again, and undoes it if it did not
/// help.
/// </summary>
/// <param name="doctor">Examines the node again.</param>
/// <param name="say">Gets each step before it is made, one sentence each.</param>
public sealed class DoctorFixes(NodeDoctor doctor, Action<string> say)
{
    /// <summary>Does it. The findings without a fix are left to people.</summary>
    public IReadOnlyList<FixOutcome> Apply(DoctorReport report)
    {
        var outcomes = new List<FixOutcome>();
        // Those of one kind are looked at again together: hundreds of leases cost one look.
        foreach (
            var kind in report
                .Findings.Where(static finding => finding.Fix is not null)
                .GroupBy(static finding => finding.Id, StringComparer.Ordinal)
        )
            ApplyKind([.. kind], outcomes);
        return outcomes;
    }

    private void ApplyKind(IReadOnlyList<Finding> findings, List<FixOutcome> outcomes)
    {
        var done = new List<Finding>();
        foreach (var finding in findings)
        {
            say($"will {finding.FixIntention} [{finding.Id}]");
            if (Try(finding, outcomes))
                done.Add(finding);
        }

        if (done.Count == 0)
            return;
        var left = doctor.LookAgain(done);
        foreach (var finding in done)
            outcomes.Add(left.Exists(finding.IsSame) ? Undo(finding) : Finish(finding));
    }

    private static bool Try(Finding finding, List<FixOutcome> outcomes)
    {
        try
        {
            if (finding.Fix!.Apply())
                return true;
            outcomes.Add(new FixOutcome(finding, FixState.NotSafeAnyMore, "the node has changed since the examination"));
        }
        catch (Exception e) when (IsRefusal(e))
        {
            outcomes.Add(new FixOutcome(finding, FixState.Failed, e.Message));
        }

        return false;
    }

    private FixOutcome Undo(Finding finding)
    {
        say($"will undo: {finding.FixIntention} [{finding.Id}], as it did not help");
        try
        {
            finding.Fix!.Undo();
            return new FixOutcome(finding, FixState.Undone, "it did not help");
        }
        catch (Exception e) when (IsRefusal(e))
        {
            return new FixOutcome(finding, FixState.Failed, $"it did not help, and could not be undone: {e.Message}");
        }
    }

    private static FixOutcome Finish(Finding finding)
    {
        finding.Fix!.Finish();
        return new FixOutcome(finding, FixState.Helped);
    }

    private static bool IsRefusal(Exception e) =>
        e
            is ErrnoException
                or Linux.Files.FileLockTimeoutException
                or Firewall.Iptables.IptablesException
                or Firewall.HostPorts.PortTakenException;
}

/// <summary>What became of a fix.</summary>
/// <param name="Finding">What it was against.</param>
/// <param name="State">What became of it.</param>
/// <param name="Note">Why, where it was not done or taken back; else empty.</param>
public sealed record FixOutcome(Finding Finding, FixState State, string Note = "");
