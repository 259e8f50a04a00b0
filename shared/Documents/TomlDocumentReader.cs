using System.Globalization;
using Tomlyn;
using Tomlyn.Parsing;

namespace Plugboard.Documents;

/// <summary>Reads TOML into nodes that know their lines, by the parser's events. Pure.</summary>
public sealed class TomlDocumentReader
{
    private const int MostDepth = 64;

    private readonly TomlParser parser;

    private TomlDocumentReader(string text) => parser = TomlParser.Create(text);

    /// <summary>Reads the text, which is a map; an empty text is an empty map.</summary>
    /// <exception cref="DocumentException">The text is not valid, or has a key twice.</exception>
    public static DocumentNode Read(ReadOnlySpan<byte> utf8)
    {
        var reader = new TomlDocumentReader(DocumentText.Decode(utf8, YamlDialect.Strict));
        try
        {
            return reader.Document();
        }
        catch (TomlException e)
        {
            throw Describe(e);
        }
        catch (Exception e) when (e is not (DocumentException or TomlException))
        {
            // What the parser's own code runs into on broken input.
            throw new DocumentException(reader.parser.Current.Line, "invalid TOML: the parser stops here");
        }
    }

    // Of several errors the first: the others follow from it.
    private static DocumentException Describe(TomlException e)
    {
        var first = e.Message.Split('\n')[0];
        var colon = first.IndexOf("error : ", StringComparison.Ordinal);
        var what = (colon < 0 ? first : first[(colon + 8)..]).TrimEnd('.');
        what = what.Replace("`␤`", "the end of the line", StringComparison.Ordinal).Replace('`', '"');
        return new DocumentException(e.Line ?? 0, $"invalid TOML: {what}");
    }

    private DocumentNode Document()
    {
        var root = new Table("", 1);
        while (parser.MoveNext())
        {
            if (parser.Current.Kind == TomlParseEventKind.StartTable)
                Fill(root, 0);
        }

        return root.ToNode();
    }

    // The parser reports a table once for each of its headers.
    private void Fill(Table table, int depth)
    {
        while (Next() != TomlParseEventKind.EndTable)
        {
            var name = parser.GetPropertyName();
            var line = parser.Current.Line;
            if (Next() == TomlParseEventKind.StartTable)
                Fill(table.Open(name, line), Deeper(depth, line));
            else
                table.Add(name, line, Value(name, line, depth));
        }
    }

    private DocumentNode Value(string name, int line, int depth)
    {
        switch (parser.Current.Kind)
        {
            case TomlParseEventKind.StartTable:
                var table = new Table(name, line);
                Fill(table, Deeper(depth, line));
                return table.ToNode();
            case TomlParseEventKind.StartArray:
                return List(name, line, Deeper(depth, line));
            default:
                return Scalar(name, line);
        }
    }

    private DocumentNode List(string name, int line, int depth)
    {
        var items = new List<DocumentNode>();
        while (Next() != TomlParseEventKind.EndArray)
        {
            // A table of an array of tables has no line of its own.
            var at = parser.Current.Line > 0 ? parser.Current.Line : line;
            items.Add(Value(string.Create(CultureInfo.InvariantCulture, $"{name}[{items.Count}]"), at, depth));
        }

        return new DocumentNode
        {
            Kind = DocumentKind.List,
            Line = line,
            Name = name,
            Items = items,
        };
    }

    private DocumentNode Scalar(string name, int line)
    {
        var (kind, text) = parser.Current.Kind switch
        {
            TomlParseEventKind.String => (DocumentKind.Text, parser.GetString()),
            TomlParseEventKind.Boolean => (DocumentKind.Boolean, parser.Current.GetBoolean() ? "true" : "false"),
            TomlParseEventKind.Integer => (DocumentKind.Number, parser.Current.GetInt64().ToString(CultureInfo.InvariantCulture)),
            TomlParseEventKind.Float => (DocumentKind.Number, parser.Current.GetDouble().ToString(CultureInfo.InvariantCulture)),
            // Nothing that is read here is a time.
            TomlParseEventKind.DateTime => (DocumentKind.Text, parser.Current.GetTomlDateTime().ToString()),
            var other => throw new DocumentException(line, $"invalid TOML: unexpected {other}"),
        };
        return new DocumentNode
        {
            Kind = kind,
            Line = line,
            Name = name,
            Text = text,
            IsQuoted = kind == DocumentKind.Text,
        };
    }

    private TomlParseEventKind Next() =>
        parser.MoveNext() ? parser.Current.Kind : throw new DocumentException(0, "invalid TOML: it ends too early");

    private static int Deeper(int depth, int line) =>
        depth < MostDepth
            ? depth + 1
            : throw new DocumentException(line, string.Create(CultureInfo.InvariantCulture, $"deeper than {MostDepth} levels"));

    // A table that is still open: a later header may add to it.
    private sealed class Table(string name, int line)
    {
        private readonly List<string> names = [];
        private readonly Dictionary<string, Table> tables = new(StringComparer.Ordinal);
        private readonly Dictionary<string, DocumentNode> values = new(StringComparer.Ordinal);

        public Table Open(string key, int at)
        {
            if (tables.TryGetValue(key, out var open))
                return open;
            Require(key, at);
            return tables[key] = new Table(key, at);
        }

        public void Add(string key, int at, DocumentNode value)
        {
            Require(key, at);
            values[key] = value;
        }

        public DocumentNode ToNode() =>
            new()
            {
                Kind = DocumentKind.Map,
                Line = line,
                Name = name,
                Items = names.ConvertAll(key => tables.TryGetValue(key, out var table) ? table.ToNode() : values[key]),
            };

        private void Require(string key, int at)
        {
            var first =
                values.TryGetValue(key, out var value) ? value.Line
                : tables.TryGetValue(key, out var table) ? table.Line
                : 0;
            if (first > 0)
                throw new DocumentException(
                    at,
                    string.Create(CultureInfo.InvariantCulture, $"{key} is present twice, first in line {first}")
                );
            names.Add(key);
        }

        private int Line => line;
    }
}
