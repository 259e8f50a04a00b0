using System.Text;
using System.Text.Json;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Reconciling;

namespace Plugboard.Coordinator.Cli;

/// <summary>What was found or done, for people or for programs. Pure.</summary>
/// <param name="NotReadyReason">Why the node is not ready; null if it is.</param>
/// <param name="Refused">The refused nodes.</param>
/// <param name="Outcomes">What each reconciler would do or did.</param>
internal sealed record PlanReport(
    string? NotReadyReason,
    IReadOnlyList<RefusedNode> Refused,
    IReadOnlyList<(string Reconciler, SyncOutcome Outcome)> Outcomes
)
{
    /// <summary>0: everything is as it should be. 1: a problem that the coordinator cannot repair. 2: changes are needed.</summary>
    public int ExitCode =>
        HasChanges ? 2
        : IsRight ? 0
        : 1;

    /// <summary>True if nothing is missing and nothing is wrong.</summary>
    public bool IsRight => NotReadyReason is null && Outcomes.All(each => each.Outcome.Problems.Count == 0);

    /// <summary>True if something needs a change, or was changed.</summary>
    public bool HasChanges => Outcomes.Any(each => each.Outcome.Changes.Count > 0);

    /// <summary>A line for each.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        foreach (var (reconciler, outcome) in Outcomes)
        {
            foreach (var change in outcome.Changes)
                text.Append($"{reconciler}: {change}\n");
            foreach (var problem in outcome.Problems)
                text.Append($"{reconciler}: problem: {problem}\n");
        }

        foreach (var node in Refused)
            text.Append($"refused ({node.Reason}): {node.Why}\n");
        if (NotReadyReason is not null)
            text.Append($"waiting: {NotReadyReason}\n");
        return text.Length == 0 ? "all is as it should be\n" : text.ToString();
    }

    /// <summary>One JSON object.</summary>
    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("lack", NotReadyReason);
            json.WriteStartArray("refused");
            foreach (var node in Refused)
                Write(json, ("node", node.Name), ("reason", node.Reason), ("why", node.Why));
            json.WriteEndArray();
            json.WriteStartArray("changes");
            foreach (var (reconciler, outcome) in Outcomes)
            {
                foreach (var change in outcome.Changes)
                    Write(
                        json,
                        ("keeper", reconciler),
                        ("verb", change.Verb.ToString().ToLowerInvariant()),
                        ("kind", change.Kind),
                        ("text", change.Text)
                    );
            }

            json.WriteEndArray();
            json.WriteStartArray("problems");
            foreach (var (reconciler, outcome) in Outcomes)
            {
                foreach (var problem in outcome.Problems)
                    Write(json, ("keeper", reconciler), ("problem", problem));
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    /// <summary>The steps of an explanation as one JSON array.</summary>
    public static string ToJson(IReadOnlyList<(string Step, string Text)> steps)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartArray();
            foreach (var (step, text) in steps)
                Write(json, ("step", step), ("text", text));
            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void Write(Utf8JsonWriter json, params ReadOnlySpan<(string Name, string Value)> members)
    {
        json.WriteStartObject();
        foreach (var (name, value) in members)
            json.WriteString(name, value);
        json.WriteEndObject();
    }
}
