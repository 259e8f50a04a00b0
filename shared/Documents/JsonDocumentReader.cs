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
        // An editor's byte order mark.
        if (utf8.StartsWith((ReadOnlySpan<byte>)[0xef, 0xbb, 0xbf]))
            utf8 = utf8[3..];
        var walk = new Walk(utf8, wanted is null ? 0 : utf8.Length);
        try
        {
            walk.Next();
            var node = walk.Value("", wanted);
            walk.End();
            return node;
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

    private ref struct Walk(ReadOnlySpan<byte> text, int depth)
    {
        private readonly ReadOnlySpan<byte> text = text;
        private Utf8JsonReader reader = new(text, new JsonReaderOptions { MaxDepth = depth });
        private int counted;

        /// <summary>Where the reader is.</summary>
        public int Line { get; private set; } = 1;

        public void Next()
        {
            // Never false: what ends too early is a JsonException.
            reader.Read();
            var at = (int)reader.TokenStartIndex;
            Line += text[counted..at].Count((byte)'\n');
            counted = at;
        }

        public void End()
        {
            if (reader.Read())
                throw new DocumentException(Line, "there is more after the end");
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
