using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Plugboard.Documents;

/// <summary>Where a text is not valid JSON, and what is expected there, in words. Pure.</summary>
internal static class JsonFault
{
    // System.Text.Json's message, and its meaning for the author of the file; the first match wins.
    private static readonly (string Sign, string Meaning)[] meanings =
    [
        ("maximum configured depth", "values are nested deeper than 64 levels"),
        ("trailing comma", "the comma before it is the last one; remove it"),
        ("start of a property name", "a name in double quotes is expected"),
        ("after a property name", "a colon is expected after the name"),
        ("number", "invalid number; text needs double quotes"),
        ("literal", "true, false, null or a number is expected; text needs double quotes"),
        ("within a JSON string", "text must end with double quotes on its line"),
        ("escapable character", "after a \\ in text only \" \\ / b f n r t u are expected"),
        ("after a single JSON value", "the document ends before it; remove what follows"),
        ("after a value", "a comma or the closing bracket is expected"),
        ("maximum configured depth", "values are nested deeper than 64 levels"),
        ("start of a value", "a value is expected: text in double quotes, a number, true, false, null, { or ["),
    ];

    /// <summary>What a reader of the text found, as <c>line 3, column 14: "}": a name in double quotes is expected</c>.</summary>
    public static DocumentException Describe(ReadOnlySpan<byte> utf8, JsonException e)
    {
        var start = 0;
        for (var line = 0; line < e.LineNumber; line++)
            start += utf8[start..].IndexOf((byte)'\n') + 1;
        var at = Math.Min(start + (int)(e.BytePositionInLine ?? 0), utf8.Length);
        // Columns as an editor counts them.
        var column = Encoding.UTF8.GetCharCount(utf8[start..at]) + 1;
        var isEnd = utf8[at..].Trim(" \t\r\n"u8).IsEmpty;
        return new DocumentException(
            (int)(e.LineNumber ?? 0) + 1,
            column,
            $"{(isEnd ? "the end of the file" : NameOf(utf8[at..]))}: {MeaningOf(e.Message, isEnd)}",
            e.Message
        );
    }

    private static string NameOf(ReadOnlySpan<byte> rest)
    {
        if (rest[0] is (byte)'\r' or (byte)'\n')
            return "the end of the line";
        return Rune.DecodeFromUtf8(rest, out var rune, out _) == OperationStatus.Done && !Rune.IsControl(rune)
            ? $"\"{rune}\""
            : string.Create(CultureInfo.InvariantCulture, $"the byte 0x{rest[0]:x2}");
    }

    private static string MeaningOf(string message, bool isEnd)
    {
        if (isEnd)
            return "a { or [ is not closed, text is without its closing double quotes, or the file is empty";
        foreach (var (sign, meaning) in meanings)
        {
            if (message.Contains(sign, StringComparison.Ordinal))
                return meaning;
        }

        return "invalid JSON";
    }
}
