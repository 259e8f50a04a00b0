using System.Globalization;
using System.Text;

namespace Plugboard.Documents;

/// <summary>Decodes a file's bytes, or reports the position of invalid bytes. Pure.</summary>
internal static class DocumentText
{
    /// <summary>The text without an editor's byte order mark.</summary>
    /// <exception cref="DocumentException">It is not UTF-8, or has a character that YAML does not allow (YAML 1.1, 5.1): with the
    /// line.</exception>
    public static string Decode(ReadOnlySpan<byte> bytes, YamlDialect dialect)
    {
        var text = bytes switch
        {
            [0xff, 0xfe, ..] => Wide(bytes[2..], Encoding.Unicode, dialect),
            [0xfe, 0xff, ..] => Wide(bytes[2..], Encoding.BigEndianUnicode, dialect),
            [0xef, 0xbb, 0xbf, ..] => Narrow(bytes[3..]),
            _ => Narrow(bytes),
        };
        for (var i = 0; i < text.Length; i++)
        {
            if (!IsAllowed(text[i]))
                throw new DocumentException(
                    LineAt(text, i),
                    string.Create(CultureInfo.InvariantCulture, $"control characters are not allowed (0x{(int)text[i]:x2})")
                );
        }

        return text;
    }

    // yaml.v2 reads it, so the agent's users may have it.
    private static string Wide(ReadOnlySpan<byte> bytes, Encoding encoding, YamlDialect dialect) =>
        dialect == YamlDialect.Lenient ? encoding.GetString(bytes) : throw new DocumentException(1, "it is UTF-16; save it as UTF-8");

    private static string Narrow(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            var at = Math.Clamp(e.Index, 0, bytes.Length);
            throw new DocumentException(1 + bytes[..at].Count((byte)'\n'), "it is not UTF-8");
        }
    }

    private static bool IsAllowed(char character) =>
        character is '\t' or '\n' or '\r' or (>= ' ' and < '\x7f') or '\x85' or (>= '\xa0' and < '\ufffe');

    private static int LineAt(string text, int place) => 1 + text.AsSpan(0, place).Count('\n');
}
