using System.Text.Json;
using Plugboard.Protocols.Cni;

namespace Plugboard.Protocols.FlexVolume;

/// <summary>JSON of calls and configs: an object, or a <see cref="FlexException"/> that says where it is not one, and never what it holds: it may hold a secret.</summary>
internal static class FlexJson
{
    private const int MaxDepth = 16;

    public static JsonValue ParseObject(ReadOnlySpan<byte> text, string what)
    {
        try
        {
            var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MaxDepth });
            reader.Read();
            var value = JsonValue.Read(ref reader);
            // Throws for what follows the value.
            reader.Read();
            return value.Kind == JsonValueKind.Object ? value : throw new FlexException($"{what} is no JSON object");
        }
        catch (JsonException e)
        {
            throw new FlexException($"{what} is no JSON object: wrong at byte {(e.BytePositionInLine ?? 0) + 1} of line {(e.LineNumber ?? 0) + 1}");
        }
    }
}
