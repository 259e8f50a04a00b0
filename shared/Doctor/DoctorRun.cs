namespace Plugboard.Doctor;

/// <summary>
/// The verb <c>doctor</c> of a command line whose options are parsed: examines, fixes what is safe where that was asked for, and tells.
/// </summary>
/// <param name="options">Which node, how to tell, and whether to fix.</param>
/// <param name="clock">Tells how old files are.</param>
public sealed class DoctorRun(DoctorOptions options, TimeProvider clock)
{
    private const int Wrong = 1;

    /// <summary>Does it.</summary>
    /// <param name="print">Takes the report: standard output.</param>
    /// <param name="say">Takes, before each is done, what will be done, a sentence without a line's end: standard error, so that JSON stays
    /// JSON.</param>
    /// <returns>The exit code: 0 where nothing is wrong but notices, else 1.</returns>
    public int Run(Action<string> print, Action<string> say)
    {
        var doctor = new NodeDoctor(options, clock);
        var report = doctor.Examine();
        IReadOnlyList<FixOutcome>? outcomes = null;
        if (options.Fix)
        {
            outcomes = new DoctorFixes(doctor, say).Apply(report);
            if (outcomes.Count > 0)
                report = doctor.Examine();
        }

        print(options.IsJson ? ReportJson.Render(report, outcomes) : ReportTable.Render(outcomes ?? []) + ReportTable.Render(report));
        return report.IsHealthy ? 0 : Wrong;
    }
}
