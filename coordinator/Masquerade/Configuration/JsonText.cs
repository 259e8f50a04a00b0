using System.Text.Json;

namespace Plugboard.Coordinator.Masquerade.Configuration;

/// <summary>Reads a JSON text.</summary>
internal static class JsonText
{
    private const int Deepest = 16;

    /// <summary>The value of a text.</summary>
    /// <exception cref="MasqueradeConfigException">It is no JSON.</exception>
    public static ConfigNode Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = Deepest });
            return Read(document.RootElement);
        }
        catch (JsonException e)
        {
            throw new MasqueradeConfigException(GoMessage(e.Message));
        }
    }

    // Go's two most frequent messages; the others stay .NET's.
    private static string GoMessage(string message)
    {
        foreach (var (said, meant) in (ReadOnlySpan<(string, string)>)[
            (" is an invalid start of a property name", "looking for beginning of object key string"),
            (" is an invalid start of a value", "looking for beginning of value")])
        {
            var at = message.IndexOf(said, StringComparison.Ordinal);
            if (at > 0)
                return $"invalid character {message[..at]} {meant}";
        }

        return $"json: {message}";
    }

    private static ConfigNode Read(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => new ConfigNode.Text(element.GetString()!),
        JsonValueKind.Number => new ConfigNode.Number(element.GetRawText()),
        JsonValueKind.True or JsonValueKind.False => new ConfigNode.Flag(element.ValueKind == JsonValueKind.True),
        JsonValueKind.Array => new ConfigNode.Sequence([.. element.EnumerateArray().Select(Read)]),
        JsonValueKind.Object => new ConfigNode.Mapping([.. element.EnumerateObject().Select(property => (property.Name, Read(property.Value)))]),
        _ => new ConfigNode.Null(),
    };
}
