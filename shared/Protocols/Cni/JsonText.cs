using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Plugboard.Protocols.Cni;

/// <summary>
/// JSON by the rules of Go's encoding/json where .NET's differ: error sentences with a place, and text that is not Unicode.
/// </summary>
internal static class JsonText
{
    private const int MaxDepth = 1000;

    /// <summary>Reads one JSON value that is all there is.</summary>
    /// <exception cref="CniException">Code 6, <paramref name="prefix"/> and Go's sentence or the line and column of what is
    /// wrong.</exception>
    public static JsonValue Parse(ReadOnlySpan<byte> text, string prefix)
    {
        try
        {
            var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = MaxDepth });
            reader.Read();
            var value = JsonValue.Read(ref reader);
            // Throws for what follows the value.
            reader.Read();
            return value;
        }
        catch (JsonException e)
        {
            throw new CniException(CniErrorCode.DecodingFailure, $"{prefix}: {Explain(text, MaxDepth)}", "correct the JSON text", e);
        }
    }

    /// <summary>
    /// What is wrong with a text, where, and for what people often write the cause; nothing of what it holds. The framework's own sentence
    /// is a resource's key in a native executable, so the text is read once more to find out.
    /// </summary>
    /// <param name="text">The text that could not be read.</param>
    /// <param name="maxDepth">The depth to which it was read.</param>
    public static string Explain(ReadOnlySpan<byte> text, int maxDepth)
    {
        if (text.StartsWith((ReadOnlySpan<byte>)[0xef, 0xbb, 0xbf]))
            return "invalid JSON at line 1, column 1: a byte order mark, save the file as UTF-8 without one";
        var reader = new Utf8JsonReader(text, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = maxDepth }));
        try
        {
            while (reader.Read()) { }
        }
        catch (JsonException e)
        {
            var line = (e.LineNumber ?? 0) + 1;
            var column = (e.BytePositionInLine ?? 0) + 1;
            var place = $"at line {line.ToString(CultureInfo.InvariantCulture)}, column {column.ToString(CultureInfo.InvariantCulture)}";
            return reader.CurrentDepth >= maxDepth - 1 ? $"nested too deeply {place}" : $"invalid JSON {place}{CauseOf(text, e, reader)}";
        }

        return "unexpected end of JSON input";
    }

    // What people write who think of JavaScript or YAML, or join two files; empty: something else.
    private static string CauseOf(ReadOnlySpan<byte> text, JsonException e, Utf8JsonReader reader)
    {
        var start = 0;
        for (var line = 0; line < e.LineNumber; line++)
            start += text[start..].IndexOf((byte)'\n') + 1;
        var at = Math.Min(start + (int)(e.BytePositionInLine ?? 0), text.Length);
        var before = text[..at].TrimEnd(" \t\r\n"u8);
        return text[at..] switch
        {
            [(byte)'}' or (byte)']', ..] when before is [.., (byte)','] => ": the comma before it is the last one, remove it",
            [(byte)'/' or (byte)'#', ..] => ": JSON has no comments",
            _ when reader.CurrentDepth == 0 && before is [.., (byte)'}' or (byte)']'] => ": the JSON ends before it",
            [(byte)'\'', ..] => ": text needs double quotes",
            _ when IsAfterName(e.Message) => ": a colon is missing before it",
            [(byte)'"' or (byte)'{' or (byte)'[', ..] when IsAfterValue(before, reader.TokenType) => ": a comma is missing before it",
            _ => "",
        };
    }

    // The name of the message, in executables without its text.
    private static bool IsAfterName(string message) =>
        message.Contains("after a property name", StringComparison.Ordinal)
        || message.Contains("AfterPropertyName", StringComparison.Ordinal);

    private static bool IsAfterValue(ReadOnlySpan<byte> before, JsonTokenType last) =>
        before is [.., not ((byte)',' or (byte)':')]
        && last is not (JsonTokenType.PropertyName or JsonTokenType.StartObject or JsonTokenType.StartArray or JsonTokenType.None);

    /// <summary>The text of the string or name that the reader stands on; whatever is no Unicode in it becomes U+FFFD, as for Go.</summary>
    public static string Unquote(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
            return Encoding.UTF8.GetString(reader.ValueSpan);
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return UnquoteLeniently(reader.ValueSpan);
        }
    }

    private static string UnquoteLeniently(ReadOnlySpan<byte> raw)
    {
        var text = new StringBuilder(raw.Length);
        while (!raw.IsEmpty)
        {
            var plain = raw.IndexOf((byte)'\\');
            text.Append(Encoding.UTF8.GetString(plain < 0 ? raw : raw[..plain]));
            if (plain < 0)
                break;
            raw = raw[(plain + 1)..];
            raw = raw[AppendEscape(text, raw)..];
        }

        return text.ToString();
    }

    // Returns how many bytes after the backslash the escape has. The reader has seen that they are well formed.
    private static int AppendEscape(StringBuilder text, ReadOnlySpan<byte> escape)
    {
        if (escape[0] != 'u')
        {
            text.Append(
                escape[0] switch
                {
                    (byte)'n' => '\n',
                    (byte)'r' => '\r',
                    (byte)'t' => '\t',
                    (byte)'b' => '\b',
                    (byte)'f' => '\f',
                    var c => (char)c,
                }
            );
            return 1;
        }

        var unit = CodeUnit(escape);
        if (!char.IsSurrogate(unit))
        {
            text.Append(unit);
            return 5;
        }

        if (
            char.IsHighSurrogate(unit)
            && escape.Length >= 11
            && escape[5] == '\\'
            && escape[6] == 'u'
            && CodeUnit(escape[6..]) is var low
            && char.IsLowSurrogate(low)
        )
        {
            text.Append(unit).Append(low);
            return 11;
        }

        text.Append('\ufffd');
        return 5;
    }

    private static char CodeUnit(ReadOnlySpan<byte> escape) =>
        (char)ushort.Parse(escape.Slice(1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
