using System.Text.Json;
using Plugboard.Protocols.Cni;

namespace Plugboard.Protocols.FlexVolume;

/// <summary>
/// JSON of calls and configs: an object, or a <see cref="FlexException"/> that says where it is not one, and never what it holds: it may
/// hold a secret.
/// </summary>
internal static class FlexJson
{
    private const int MaxDepth = 16;
    private const int LongestName = 64;

    public static JsonValue ParseObject(ReadOnlySpan<byte> text, string what)
    {
        try
        {
            var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MaxDepth });
            reader.Read();
            var value = JsonValue.Read(ref reader);
            // Throws for what follows the value.
            reader.Read();
            return value.Kind == JsonValueKind.Object ? value : throw new FlexException($"{what} is not a JSON object");
        }
        catch (JsonException)
        {
            throw new FlexException($"{what} is not a JSON object: {JsonText.Explain(text, MaxDepth)}");
        }
    }

    /// <summary>The line, from 1, in which a name of the object stands first.</summary>
    public static long LineOf(ReadOnlySpan<byte> text, string name)
    {
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
            if (reader is { TokenType: JsonTokenType.PropertyName, CurrentDepth: 1 } && JsonText.Unquote(ref reader) == name)
                return text[..(int)reader.TokenStartIndex].Count((byte)'\n') + 1;
        }

        return 1;
    }

    /// <summary>A name for a message: a long one would push the reason out of it.</summary>
    public static string Shorten(string name) => name.Length <= LongestName ? name : name[..LongestName] + "…";
}
