using System.Globalization;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Plugboard.Documents;

/// <summary>Reads YAML into nodes that know their lines by its events; nothing of it is made into objects of other types. Pure.</summary>
public sealed partial class YamlDocumentReader
{
    private const int MostDepth = 64;
    private const int LongestSentence = 256;

    private readonly Dictionary<string, DocumentNode> anchors = new(StringComparer.Ordinal);
    private readonly Scanner scanner;
    private readonly Parser parser;
    private readonly YamlDialect dialect;

    private YamlDocumentReader(string text, YamlDialect dialect)
    {
        this.dialect = dialect;
        scanner = new Scanner(new StringReader(text));
        parser = new Parser(scanner);
    }

    /// <summary>Reads the one document of the text; JSON if it begins with a brace. An empty text is null.</summary>
    /// <exception cref="DocumentException">The text is not valid.</exception>
    public static DocumentNode Read(ReadOnlySpan<byte> utf8, YamlDialect dialect = YamlDialect.Strict) =>
        IsJson(utf8) ? JsonDocumentReader.Read(utf8) : Read(utf8, dialect, static reader => reader.Document());

    /// <summary>
    /// Reads all documents of the text, as <see cref="YamlDialect.Manifests"/>; empty ones are left out. Of JSON, which begins with a brace
    /// and has no line <c>---</c>, several values may follow each other.
    /// </summary>
    /// <param name="utf8">The text.</param>
    /// <param name="wanted">Of JSON, the values in each document; null: all.</param>
    /// <exception cref="DocumentException">The text is not valid.</exception>
    public static IReadOnlyList<DocumentNode> ReadAll(ReadOnlySpan<byte> utf8, DocumentFields? wanted = null) =>
        IsJson(utf8) && utf8.IndexOf("\n---"u8) < 0
            ? JsonDocumentReader.ReadAll(utf8, wanted)
            : Read(utf8, YamlDialect.Manifests, static reader => reader.Documents());

    private static T Read<T>(ReadOnlySpan<byte> utf8, YamlDialect dialect, Func<YamlDocumentReader, T> read)
    {
        var reader = new YamlDocumentReader(DocumentText.Decode(utf8, dialect), dialect);
        try
        {
            return read(reader);
        }
        catch (Exception e) when (e is not DocumentException)
        {
            // Not only YamlException: on broken input the parser also throws what its own code runs into.
            throw reader.Describe(e);
        }
    }

    /// <summary>Whether <see cref="Read"/> takes the text for JSON.</summary>
    public static bool IsJson(ReadOnlySpan<byte> utf8) => utf8[MarkOf(utf8)..].TrimStart(" \t\r\n"u8).StartsWith("{"u8);

    // An editor's byte order mark.
    private static int MarkOf(ReadOnlySpan<byte> utf8) => utf8.StartsWith((ReadOnlySpan<byte>)[0xef, 0xbb, 0xbf]) ? 3 : 0;

    private DocumentException Describe(Exception e) =>
        e is YamlException fault
            ? new DocumentException((int)LineOf(fault), Sentence(fault))
            : new DocumentException(
                (int)scanner.CurrentPosition.Line,
                string.Create(CultureInfo.InvariantCulture, $"invalid YAML: the parser stops at column {scanner.CurrentPosition.Column}")
            );

    // Some faults of the scanner have no place, which reads as the text's begin.
    private long LineOf(YamlException fault) =>
        fault.End.Index > 0 ? Math.Max(fault.Start.Line, fault.End.Line) : scanner.CurrentPosition.Line;

    // The scanner's message may begin with the place again.
    private static string Sentence(YamlException e)
    {
        var inner = e.InnerException is YamlException cause ? cause.Message : e.Message;
        var sentence = PlaceBefore().Replace(inner, "");
        return sentence.Length <= LongestSentence ? sentence : $"{sentence[..LongestSentence]}…";
    }

    [GeneratedRegex(@"^\(Line: [^)]*\) - \(Line: [^)]*\): ", RegexOptions.CultureInvariant)]
    private static partial Regex PlaceBefore();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Number();

    private DocumentNode Document()
    {
        Next();
        if (Next() is StreamEnd)
            return new DocumentNode
            {
                Kind = DocumentKind.Null,
                Line = 1,
                Text = "null",
            };
        Next();
        var node = Value("", 0);
        Next();
        if (Next() is not StreamEnd && dialect == YamlDialect.Strict)
            throw new DocumentException((int)parser.Current!.Start.Line, "there is a second document");
        // The rest has to be YAML too.
        while (parser.MoveNext()) { }

        return node;
    }

    private List<DocumentNode> Documents()
    {
        var documents = new List<DocumentNode>();
        Next();
        while (Next() is not StreamEnd)
        {
            Next();
            var node = Value("", 0);
            if (node.Kind != DocumentKind.Null)
                documents.Add(node);
            Next();
        }

        return documents;
    }

    private ParsingEvent Next() => parser.MoveNext() ? parser.Current! : throw new DocumentException(0, "the YAML ends too early");

    // The event is the parser's current one; after it the parser is at the value's last event.
    private DocumentNode Value(string name, int depth)
    {
        var at = parser.Current!;
        if (depth > MostDepth)
            throw new DocumentException(
                (int)at.Start.Line,
                string.Create(CultureInfo.InvariantCulture, $"values are nested deeper than {MostDepth} levels")
            );
        return at switch
        {
            AnchorAlias alias when dialect != YamlDialect.Strict => throw new DocumentException(
                (int)alias.Start.Line,
                "aliases (*name) are not supported: write the value out"
            ),
            AnchorAlias alias => Alias(alias, name),
            Scalar scalar => Remember(scalar, Plain(scalar, name)),
            MappingStart map => Remember(map, Map(name, depth)),
            SequenceStart list => Remember(list, List(name, depth)),
            _ => throw new DocumentException((int)at.Start.Line, "a value is missing"),
        };
    }

    private DocumentNode Alias(AnchorAlias alias, string name) =>
        anchors.TryGetValue(alias.Value.Value, out var known)
            ? new DocumentNode
            {
                Kind = known.Kind,
                Line = known.Line,
                Name = name,
                Text = known.Text,
                IsQuoted = known.IsQuoted,
                Items = known.Items,
            }
            : throw new DocumentException((int)alias.Start.Line, $"there is no anchor &{Short(alias.Value.Value)} before it");

    private static string Short(string name) => name.Length <= MostDepth ? name : $"{name[..MostDepth]}…";

    private DocumentNode Remember(NodeEvent at, DocumentNode node)
    {
        if (!at.Anchor.IsEmpty)
            anchors[at.Anchor.Value] = node;
        return node;
    }

    private DocumentNode Plain(Scalar scalar, string name)
    {
        var isPlain = scalar.Style == ScalarStyle.Plain && (scalar.Tag.IsEmpty || scalar.Tag.Value is not ("!" or "tag:yaml.org,2002:str"));
        var (kind, text) = isPlain ? Meaning(scalar.Value) : (DocumentKind.Text, scalar.Value);
        return new DocumentNode
        {
            Kind = kind,
            Line = (int)scalar.Start.Line,
            Name = name,
            Text = text,
            IsQuoted = !isPlain,
        };
    }

    private (DocumentKind Kind, string Text) Meaning(string plain) =>
        plain switch
        {
            "" or "~" or "null" or "Null" or "NULL" => (DocumentKind.Null, plain),
            "true" or "True" or "TRUE" => (DocumentKind.Boolean, "true"),
            "false" or "False" or "FALSE" => (DocumentKind.Boolean, "false"),
            "y" or "Y" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" when dialect == YamlDialect.Lenient => (
                DocumentKind.Boolean,
                "true"
            ),
            "n" or "N" or "no" or "No" or "NO" or "off" or "Off" or "OFF" when dialect == YamlDialect.Lenient => (
                DocumentKind.Boolean,
                "false"
            ),
            _ when dialect == YamlDialect.Lenient => GoYamlNumber.Find(plain) is { } number
                ? (DocumentKind.Number, number)
                : (DocumentKind.Text, plain),
            _ => (Number().IsMatch(plain) ? DocumentKind.Number : DocumentKind.Text, plain),
        };

    private DocumentNode Map(string name, int depth)
    {
        var line = (int)parser.Current!.Start.Line;
        var items = new List<DocumentNode>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (Next() is not MappingEnd)
        {
            if (parser.Current is not Scalar key)
                throw new DocumentException((int)parser.Current!.Start.Line, "a name must be a string");
            if (dialect == YamlDialect.Lenient && Plain(key, "").Kind == DocumentKind.Null)
                throw new DocumentException((int)key.Start.Line, "a name must be a string, not null");
            if (!names.Add(key.Value) && dialect != YamlDialect.Lenient)
                throw new DocumentException((int)key.Start.Line, $"{Short(key.Value)} is present twice");
            Next();
            items.Add(Value(key.Value, depth + 1));
        }

        return new DocumentNode
        {
            Kind = DocumentKind.Map,
            Line = line,
            Name = name,
            Items = items,
        };
    }

    private DocumentNode List(string name, int depth)
    {
        var line = (int)parser.Current!.Start.Line;
        var items = new List<DocumentNode>();
        while (Next() is not SequenceEnd)
            items.Add(Value(string.Create(CultureInfo.InvariantCulture, $"{name}[{items.Count}]"), depth + 1));
        return new DocumentNode
        {
            Kind = DocumentKind.List,
            Line = line,
            Name = name,
            Items = items,
        };
    }
}
