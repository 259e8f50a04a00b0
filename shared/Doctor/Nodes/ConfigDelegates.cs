using System.Text.Json;

namespace Plugboard.Doctor.Nodes;

/// <summary>The plugins that the DEL of a kept network config calls.</summary>
internal static class ConfigDelegates
{
    /// <summary>Their types; none where it is no config.</summary>
    /// <param name="content">The config.</param>
    /// <param name="own">The key whose plugin is one of them, beside that of <c>ipam</c>.</param>
    public static IReadOnlyList<string> Find(byte[] content, string? own = null)
    {
        try
        {
            using var document = JsonDocument.Parse(content);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                return [];
            var ipam = root.TryGetProperty("ipam", out var section) && section.ValueKind == JsonValueKind.Object ? section : default;
            return [.. ((string?[])[own is null ? null : Text(root, own), Text(ipam, "type")]).OfType<string>()];
        }
        catch (JsonException)
        {
            // A file that a power cut tore.
            return [];
        }
    }

    private static string? Text(JsonElement section, string key) =>
        section.ValueKind == JsonValueKind.Object
        && section.TryGetProperty(key, out var value)
        && value.ValueKind == JsonValueKind.String
        && value.GetString() is { Length: > 0 } text
        && !text.Contains('/')
            ? text
            : null;
}
