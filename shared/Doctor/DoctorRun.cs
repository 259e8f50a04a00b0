namespace Plugboard.Doctor;

/// <summary>
/// The verb <c>doctor</c> of a command line with parsed options: examines the node, makes safe repairs with --fix, and reports.
/// </summary>
/// <param name="options">The node, the output format, and whether to fix.</param>
/// <param name="clock">The clock, for the age of files.</param>
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
