using System.Text.Json;

namespace Plugboard.Protocols.Cni;

/// <summary>
/// A JSON value, read once: names and texts are decoded when they are read, not each time one is looked for. What a
/// <see cref="JsonDocument"/> saves in memory it costs in a process that asks a small config for thirty keys and ends.
/// </summary>
public sealed class JsonValue
{
    private static readonly JsonValue[] None = [];

    private JsonValue(JsonValueKind kind, string text = "")
    {
        Kind = kind;
        Text = text;
    }

    /// <summary>A text.</summary>
    public static JsonValue Of(string text) => new(JsonValueKind.String, text);

    /// <summary>True or false.</summary>
    public static JsonValue Of(bool value) => new(value ? JsonValueKind.True : JsonValueKind.False);

    /// <summary>A whole number.</summary>
    public static JsonValue Of(long number) => new(JsonValueKind.Number, number.ToString());

    /// <summary>An array.</summary>
    public static JsonValue Of(IReadOnlyList<JsonValue> values) => new(JsonValueKind.Array) { Values = values };

    internal static JsonValue Of(IReadOnlyList<string> names, IReadOnlyList<JsonValue> values) =>
        new(JsonValueKind.Object) { Names = names, Values = values };

    /// <summary>Reads one JSON value that is all there is.</summary>
    /// <exception cref="CniException">Code 6: <paramref name="subject"/> and what is wrong, with line and column.</exception>
    public static JsonValue Parse(ReadOnlySpan<byte> text, string subject) => JsonText.Parse(text, subject);

    /// <summary>What it is; never undefined.</summary>
    public JsonValueKind Kind { get; }

    /// <summary>A string's text, or a number as it stands in the document; empty for all else.</summary>
    public string Text { get; }

    /// <summary>An object's names in their order, duplicates too; empty for all else.</summary>
    public IReadOnlyList<string> Names { get; private init; } = [];

    /// <summary>An object's values in the order of <see cref="Names"/>, or an array's; empty for all else.</summary>
    public IReadOnlyList<JsonValue> Values { get; private init; } = None;

    /// <summary>The value that the reader stands on; it then stands on the value's end.</summary>
    internal static JsonValue Read(ref Utf8JsonReader reader) =>
        reader.TokenType switch
        {
            JsonTokenType.StartObject => ReadObject(ref reader),
            JsonTokenType.StartArray => ReadArray(ref reader),
            JsonTokenType.String => new JsonValue(JsonValueKind.String, JsonText.Unquote(ref reader)),
            JsonTokenType.Number => new JsonValue(JsonValueKind.Number, System.Text.Encoding.ASCII.GetString(reader.ValueSpan)),
            JsonTokenType.True => new JsonValue(JsonValueKind.True),
            JsonTokenType.False => new JsonValue(JsonValueKind.False),
            _ => new JsonValue(JsonValueKind.Null),
        };

    private static JsonValue ReadObject(ref Utf8JsonReader reader)
    {
        var names = new List<string>();
        var values = new List<JsonValue>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            names.Add(JsonText.Unquote(ref reader));
            reader.Read();
            values.Add(Read(ref reader));
        }

        return new JsonValue(JsonValueKind.Object) { Names = names, Values = values };
    }

    private static JsonValue ReadArray(ref Utf8JsonReader reader)
    {
        var values = new List<JsonValue>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            values.Add(Read(ref reader));
        return new JsonValue(JsonValueKind.Array) { Values = values };
    }
}
