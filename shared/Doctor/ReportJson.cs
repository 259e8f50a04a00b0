using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Plugboard.Doctor;

/// <summary>A report for programs.</summary>
public static class ReportJson
{
    /// <summary>One object: <c>healthy</c>, <c>milliseconds</c>, <c>findings</c>, and <c>fixes</c> where something was done.</summary>
    /// <param name="report">What is wrong; after fixes, what still is.</param>
    /// <param name="outcomes">The outcomes of fixes; null without --fix.</param>
    public static string Render(DoctorReport report, IReadOnlyList<FixOutcome>? outcomes = null)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (
            var json = new Utf8JsonWriter(
                buffer,
                new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
            )
        )
        {
            json.WriteStartObject();
            json.WriteBoolean("healthy", report.IsHealthy);
            json.WriteNumber("milliseconds", (long)report.Elapsed.TotalMilliseconds);
            json.WriteStartArray("findings");
            foreach (var finding in report.Findings)
                Write(json, finding);
            json.WriteEndArray();
            if (outcomes is not null)
                Write(json, outcomes);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }

    private static void Write(Utf8JsonWriter json, Finding finding)
    {
        json.WriteStartObject();
        json.WriteString("id", finding.Id);
        json.WriteString("severity", ReportTable.Word(finding.Severity));
        json.WriteString("subject", finding.Subject);
        json.WriteString("what", finding.What);
        json.WriteString("why", finding.Why);
        json.WriteString("remedy", finding.Remedy);
        if (finding.FixIntention is { } fix)
            json.WriteString("fix", fix);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<FixOutcome> outcomes)
    {
        json.WriteStartArray("fixes");
        foreach (var outcome in outcomes)
        {
            json.WriteStartObject();
            json.WriteString("id", outcome.Finding.Id);
            json.WriteString("subject", outcome.Finding.Subject);
            json.WriteString("fix", outcome.Finding.FixIntention);
            json.WriteString("state", ReportTable.Word(outcome.State));
            if (outcome.Note.Length > 0)
                json.WriteString("note", outcome.Note);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
