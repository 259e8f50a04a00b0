using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Plugboard.Documents;

/// <summary>Reads JSON into nodes that know their lines. Pure.</summary>
public static class JsonDocumentReader
{
    /// <summary>Reads the one value of the text.</summary>
    /// <exception cref="DocumentException">The text is not valid JSON.</exception>
    public static DocumentNode Read(ReadOnlySpan<byte> utf8) => Read(utf8, wanted: null);

    /// <summary>Reads some values of the text and makes nothing of the others, which may be nested as deep as they like.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="wanted">The values; null: all.</param>
    /// <exception cref="DocumentException">The text is not valid JSON.</exception>
    public static DocumentNode Read(ReadOnlySpan<byte> utf8, DocumentFields? wanted)
    {
        var found = ReadAll(utf8, wanted, isStream: false);
        return found[0];
    }

    /// <summary>Reads the values of the text, which follow each other as <c>jq</c> prints them.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="wanted">The values in each; null: all.</param>
    /// <exception cref="DocumentException">The text is not valid JSON.</exception>
    public static IReadOnlyList<DocumentNode> ReadAll(ReadOnlySpan<byte> utf8, DocumentFields? wanted) =>
        ReadAll(utf8, wanted, isStream: true);

    private static List<DocumentNode> ReadAll(ReadOnlySpan<byte> utf8, DocumentFields? wanted, bool isStream)
    {
        // An editor's byte order mark.
        if (utf8.StartsWith((ReadOnlySpan<byte>)[0xef, 0xbb, 0xbf]))
            utf8 = utf8[3..];
        var walk = new Walk(utf8, new JsonReaderOptions { MaxDepth = wanted is null ? 0 : utf8.Length, AllowMultipleValues = isStream });
        var found = new List<DocumentNode>();
        try
        {
            while (walk.Next())
                found.Add(walk.Value("", wanted));
            return found;
        }
        catch (JsonException e)
        {
            throw JsonFault.Describe(utf8, e);
        }
        catch (InvalidOperationException)
        {
            throw new DocumentException(walk.Line, "a string is not UTF-8");
        }
    }

    private ref struct Walk(ReadOnlySpan<byte> text, JsonReaderOptions options)
    {
        private readonly ReadOnlySpan<byte> text = text;
        private Utf8JsonReader reader = new(text, options);
        private int counted;

        /// <summary>Where the reader is.</summary>
        public int Line { get; private set; } = 1;

        /// <summary>False behind the last value; what ends too early is a <see cref="JsonException"/>.</summary>
        public bool Next()
        {
            if (!reader.Read())
                return false;
            var at = (int)reader.TokenStartIndex;
            Line += text[counted..at].Count((byte)'\n');
            counted = at;
            return true;
        }

        public DocumentNode Value(string name, DocumentFields? wanted) =>
            reader.TokenType switch
            {
                JsonTokenType.StartObject => Map(name, wanted),
                JsonTokenType.StartArray => List(name, wanted),
                JsonTokenType.String => Scalar(name, DocumentKind.Text, reader.GetString()!),
                JsonTokenType.Number => Scalar(name, DocumentKind.Number, Encoding.ASCII.GetString(reader.ValueSpan)),
                JsonTokenType.True => Scalar(name, DocumentKind.Boolean, "true"),
                JsonTokenType.False => Scalar(name, DocumentKind.Boolean, "false"),
                _ => Scalar(name, DocumentKind.Null, "null"),
            };

        private readonly DocumentNode Scalar(string name, DocumentKind kind, string value) =>
            new()
            {
                Kind = kind,
                Line = Line,
                Name = name,
                Text = value,
                IsQuoted = kind == DocumentKind.Text,
            };

        private DocumentNode Map(string name, DocumentFields? wanted)
        {
            var line = Line;
            var items = new List<DocumentNode>();
            for (Next(); reader.TokenType != JsonTokenType.EndObject; Next())
            {
                if (wanted is null)
                {
                    var key = reader.GetString()!;
                    Next();
                    items.Add(Value(key, wanted: null));
                }
                else if (wanted.Find(ref reader) is { } field)
                {
                    Next();
                    items.Add(Value(field.Name, field.Within));
                }
                else
                {
                    reader.Skip();
                }
            }

            return new DocumentNode
            {
                Kind = DocumentKind.Map,
                Line = line,
                Name = name,
                Items = items,
            };
        }

        private DocumentNode List(string name, DocumentFields? wanted)
        {
            var line = Line;
            var items = new List<DocumentNode>();
            for (Next(); reader.TokenType != JsonTokenType.EndArray; Next())
                items.Add(Value(string.Create(CultureInfo.InvariantCulture, $"{name}[{items.Count}]"), wanted));
            return new DocumentNode
            {
                Kind = DocumentKind.List,
                Line = line,
                Name = name,
                Items = items,
            };
        }
    }
}
