using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Plugboard.Coordinator.Configuration.Documents;

/// <summary>Reads YAML into nodes that know their lines: one document, plain scalars by the JSON schema's words. Pure.</summary>
internal sealed partial class YamlDocumentReader
{
    private const int MostDepth = 64;

    private readonly Dictionary<string, DocumentNode> anchors = new(StringComparer.Ordinal);
    private readonly Parser parser;

    private YamlDocumentReader(string text) => parser = new Parser(new StringReader(text));

    /// <summary>The one document that the text is; JSON, where it begins with a brace. Nothing at all is null.</summary>
    /// <exception cref="DocumentException">It is none.</exception>
    public static DocumentNode Read(ReadOnlySpan<byte> utf8)
    {
        var start = utf8.StartsWith((ReadOnlySpan<byte>)[0xef, 0xbb, 0xbf]) ? utf8[3..] : utf8;
        if (start.TrimStart(" \t\r\n"u8).StartsWith("{"u8))
            return JsonDocumentReader.Read(utf8);
        try
        {
            return new YamlDocumentReader(Encoding.UTF8.GetString(start)).Document();
        }
        catch (YamlException e)
        {
            throw new DocumentException((int)e.Start.Line, Sentence(e));
        }
    }

    // The scanner's message may begin with the place again.
    private static string Sentence(YamlException e)
    {
        var inner = e.InnerException is YamlException cause ? cause.Message : e.Message;
        return PlaceBefore().Replace(inner, "");
    }

    [GeneratedRegex(@"^\(Line: [^)]*\) - \(Line: [^)]*\): ", RegexOptions.CultureInvariant)]
    private static partial Regex PlaceBefore();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Number();

    private DocumentNode Document()
    {
        Next();
        if (Next() is StreamEnd)
            return new DocumentNode { Kind = DocumentKind.Null, Line = 1, Text = "null" };
        Next();
        var node = Value("", 0);
        Next();
        return Next() is StreamEnd ? node : throw new DocumentException((int)parser.Current!.Start.Line, "there is a second document");
    }

    private ParsingEvent Next() => parser.MoveNext() ? parser.Current! : throw new DocumentException(0, "the YAML ends too early");

    // The event is the parser's current one; after it the parser is at the value's last event.
    private DocumentNode Value(string name, int depth)
    {
        var at = parser.Current!;
        if (depth > MostDepth)
            throw new DocumentException((int)at.Start.Line, "too deep");
        return at switch
        {
            AnchorAlias alias => Alias(alias, name),
            Scalar scalar => Remember(scalar, Plain(scalar, name)),
            MappingStart map => Remember(map, Map(name, depth)),
            SequenceStart list => Remember(list, List(name, depth)),
            _ => throw new DocumentException((int)at.Start.Line, "a value is missing"),
        };
    }

    private DocumentNode Alias(AnchorAlias alias, string name) =>
        anchors.TryGetValue(alias.Value.Value, out var known)
            ? new DocumentNode { Kind = known.Kind, Line = known.Line, Name = name, Text = known.Text, Items = known.Items }
            : throw new DocumentException((int)alias.Start.Line, $"nothing before is called &{alias.Value.Value}");

    private DocumentNode Remember(NodeEvent at, DocumentNode node)
    {
        if (!at.Anchor.IsEmpty)
            anchors[at.Anchor.Value] = node;
        return node;
    }

    private static DocumentNode Plain(Scalar scalar, string name)
    {
        var kind = !scalar.IsPlainImplicit || scalar.Style != ScalarStyle.Plain ? DocumentKind.Text : scalar.Value switch
        {
            "" or "~" or "null" or "Null" or "NULL" => DocumentKind.Null,
            "true" or "True" or "TRUE" or "false" or "False" or "FALSE" => DocumentKind.Boolean,
            var value when Number().IsMatch(value) => DocumentKind.Number,
            _ => DocumentKind.Text,
        };
        var text = kind == DocumentKind.Boolean ? scalar.Value.ToLowerInvariant() : scalar.Value;
        return new DocumentNode { Kind = kind, Line = (int)scalar.Start.Line, Name = name, Text = text };
    }

    private DocumentNode Map(string name, int depth)
    {
        var line = (int)parser.Current!.Start.Line;
        var items = new List<DocumentNode>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (Next() is not MappingEnd)
        {
            if (parser.Current is not Scalar key)
                throw new DocumentException((int)parser.Current!.Start.Line, "a name must be a string");
            if (!names.Add(key.Value))
                throw new DocumentException((int)key.Start.Line, $"{key.Value} is there twice");
            Next();
            items.Add(Value(key.Value, depth + 1));
        }

        return new DocumentNode { Kind = DocumentKind.Map, Line = line, Name = name, Items = items };
    }

    private DocumentNode List(string name, int depth)
    {
        var line = (int)parser.Current!.Start.Line;
        var items = new List<DocumentNode>();
        while (Next() is not SequenceEnd)
            items.Add(Value(string.Create(CultureInfo.InvariantCulture, $"{name}[{items.Count}]"), depth + 1));
        return new DocumentNode { Kind = DocumentKind.List, Line = line, Name = name, Items = items };
    }
}
