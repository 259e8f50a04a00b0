using Plugboard.Documents;

namespace Plugboard.Coordinator.Masquerade.Configuration;

/// <summary>
/// What is wrong with a document in the words of Go's readers, where ip-masq-agent's users know them. Source: encoding/json,
/// gopkg.in/yaml.v2.
/// </summary>
internal static class GoMessage
{
    /// <summary>Go's two most frequent JSON messages; the rest are our own.</summary>
    public static string OfJson(DocumentException e)
    {
        foreach (
            var (said, meant) in (ReadOnlySpan<(string, string)>)
                [
                    (" is an invalid start of a property name", "looking for beginning of object key string"),
                    (" is an invalid start of a value", "looking for beginning of value"),
                ]
        )
        {
            var at = e.Said.IndexOf(said, StringComparison.Ordinal);
            if (at > 0)
                return $"invalid character {e.Said[..at]} {meant}";
        }

        return $"json: {e.Message}";
    }

    /// <summary>yaml.v2 says the same as YamlDotNet without the words "While scanning …," before it.</summary>
    public static string OfYaml(DocumentException e)
    {
        if (e.What.Contains("scanning an anchor or alias", StringComparison.Ordinal))
            return "yaml: did not find expected alphabetic or numeric character";
        if (e.What.StartsWith("control characters", StringComparison.Ordinal))
            return "yaml: control characters are not allowed";
        if (e.What == "it is not UTF-8")
            return "yaml: invalid leading UTF-8 octet";
        var at = e.What.LastIndexOf("did not find expected", StringComparison.Ordinal);
        return $"yaml: {(at >= 0 ? e.What[at..].TrimEnd('.') : e.Message)}";
    }

    /// <summary>What Go's JSON reader calls a value.</summary>
    public static string NameOf(DocumentKind kind) =>
        kind switch
        {
            DocumentKind.Null => "null",
            DocumentKind.Boolean => "bool",
            DocumentKind.Number => "number",
            DocumentKind.Text => "string",
            DocumentKind.List => "array",
            _ => "object",
        };
}
