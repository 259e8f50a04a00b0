using System.Globalization;
using System.Text;

namespace Plugboard.Doctor;

/// <summary>A report for people.</summary>
public static class ReportTable
{
    /// <summary>A line for each finding, and below it why it matters and what to do.</summary>
    public static string Render(DoctorReport report)
    {
        var text = new StringBuilder();
        var widest = report.Findings.Select(static finding => finding.Id.Length).DefaultIfEmpty(0).Max();
        foreach (var finding in report.Findings)
        {
            text.Append(Word(finding.Severity).PadRight(9)).Append(finding.Id.PadRight(widest + 2)).Append(finding.What).Append('\n');
            Append(text, "why", finding.Why);
            Append(text, "do", finding.Remedy);
            if (finding.FixIntention is { } fix)
                Append(text, "--fix", $"would {fix}");
        }

        text.Append(Summary(report)).Append('\n');
        return text.ToString();
    }

    /// <summary>What became of fixes, a line each; empty without fixes.</summary>
    public static string Render(IReadOnlyList<FixOutcome> outcomes)
    {
        var text = new StringBuilder();
        foreach (var outcome in outcomes)
        {
            text.Append(Word(outcome.State).PadRight(9)).Append(outcome.Finding.FixIntention);
            text.Append(outcome.Note.Length == 0 ? "" : $": {outcome.Note}").Append('\n');
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, string title, string sentence) =>
        text.Append(' ', 9).Append(title.PadRight(6)).Append(sentence).Append('\n');

    private static string Summary(DoctorReport report)
    {
        var found = report.Findings.Count switch
        {
            0 => "no findings",
            1 => "1 finding",
            var count => string.Create(CultureInfo.InvariantCulture, $"{count} findings"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"{found} ({report.Elapsed.TotalMilliseconds:0} ms)");
    }

    /// <summary>As it stands in tables and JSON.</summary>
    internal static string Word(Severity severity) =>
        severity switch
        {
            Severity.Error => "error",
            Severity.Warning => "warning",
            _ => "notice",
        };

    /// <summary>As it stands in tables and JSON.</summary>
    internal static string Word(FixState state) =>
        state switch
        {
            FixState.Helped => "done",
            FixState.Undone => "undone",
            FixState.NotSafeAnyMore => "left",
            _ => "failed",
        };
}
