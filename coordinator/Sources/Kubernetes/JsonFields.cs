using System.Globalization;
using System.Text.Json;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>Steps through the fields of a complete object in memory.</summary>
internal static class JsonFields
{
    /// <summary>No object of the API is nested as deep, and one that is must not stop the reading of the others.</summary>
    public const int MostDepth = 1000;

    /// <summary>A reader of a complete object.</summary>
    public static Utf8JsonReader Open(ReadOnlySpan<byte> json) => new(json, new JsonReaderOptions { MaxDepth = MostDepth });

    /// <summary>The fault of a text that the reader refused, in words: the reader's own message names its types.</summary>
    public static string Describe(Exception e) =>
        e is JsonException { LineNumber: { } line, BytePositionInLine: { } at }
            ? string.Create(CultureInfo.InvariantCulture, $"invalid JSON at line {line + 1}, byte {at + 1}")
        : e is JsonException ? "invalid JSON"
        : "a string is not UTF-8";

    /// <summary>Goes to the next name of the object at hand; false at its end.</summary>
    public static bool Next(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    /// <summary>Goes from a name into its value; false, and past it, if it is of another kind.</summary>
    public static bool Enter(ref Utf8JsonReader reader, JsonTokenType kind)
    {
        reader.Read();
        if (reader.TokenType == kind)
            return true;
        reader.Skip();
        return false;
    }

    /// <summary>Goes to the next value of the list at hand; false at its end.</summary>
    public static bool NextItem(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType != JsonTokenType.EndArray;

    /// <summary>A name's text; null, and skipped, if it is no text.</summary>
    public static string? Text(ref Utf8JsonReader reader) => Enter(ref reader, JsonTokenType.String) ? reader.GetString() : null;

    /// <summary>A name's time; null, and skipped, if it is no time.</summary>
    public static DateTimeOffset? Time(ref Utf8JsonReader reader) =>
        Enter(ref reader, JsonTokenType.String) && reader.TryGetDateTimeOffset(out var time) ? time : null;

    /// <summary>The text fields of each object in a name's list.</summary>
    public static List<Dictionary<string, string>> Objects(ref Utf8JsonReader reader)
    {
        var objects = new List<Dictionary<string, string>>();
        if (!Enter(ref reader, JsonTokenType.StartArray))
            return objects;
        while (NextItem(ref reader))
        {
            if (reader.TokenType == JsonTokenType.StartObject)
                objects.Add(ReadTexts(ref reader));
            else
                reader.Skip();
        }

        return objects;
    }

    private static Dictionary<string, string> ReadTexts(ref Utf8JsonReader reader)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        while (Next(ref reader))
        {
            var name = reader.GetString()!;
            if (Text(ref reader) is { } text)
                fields[name] = text;
        }

        return fields;
    }
}
