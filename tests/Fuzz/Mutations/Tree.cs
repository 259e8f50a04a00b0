using System.Text;
using System.Text.Json;

namespace Plugboard.Tests.Fuzz.Mutations;

/// <summary>
/// A JSON value that can be changed: an object with its members in order and names twice, a list, or a text as it stands in the document.
/// </summary>
internal sealed class Tree
{
    private Tree(TreeKind kind) => Kind = kind;

    public TreeKind Kind { get; }

    /// <summary>A scalar as it is written, quotes included.</summary>
    public string Raw { get; private init; } = "";

    /// <summary>The values of an object or a list.</summary>
    public List<Tree> Values { get; } = [];

    /// <summary>The names of an object's values, as they are written, without quotes.</summary>
    public List<string> Names { get; } = [];

    public static Tree Scalar(string raw) => new(TreeKind.Scalar) { Raw = raw };

    public static Tree Object() => new(TreeKind.Object);

    public static Tree List(params Tree[] values)
    {
        var list = new Tree(TreeKind.List);
        list.Values.AddRange(values);
        return list;
    }

    /// <summary>Reads a document; null where it is no JSON.</summary>
    public static Tree? Find(byte[] text)
    {
        try
        {
            using var document = JsonDocument.Parse(
                text,
                new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip }
            );
            return From(document.RootElement);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Tree From(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var map = Object();
                foreach (var member in element.EnumerateObject())
                    map.Add(Inner(JsonSerializer.Serialize(member.Name)), From(member.Value));
                return map;
            case JsonValueKind.Array:
                return List([.. element.EnumerateArray().Select(From)]);
            default:
                return Scalar(element.GetRawText());
        }
    }

    private static string Inner(string quoted) => quoted[1..^1];

    public void Add(string name, Tree value)
    {
        Names.Add(name);
        Values.Add(value);
    }

    public Tree Copy()
    {
        var copy = new Tree(Kind) { Raw = Raw };
        copy.Names.AddRange(Names);
        copy.Values.AddRange(Values.Select(static value => value.Copy()));
        return copy;
    }

    /// <summary>Every object and list, this one first.</summary>
    public IEnumerable<Tree> Containers()
    {
        if (Kind == TreeKind.Scalar)
            yield break;
        yield return this;
        foreach (var value in Values)
        {
            foreach (var inner in value.Containers())
                yield return inner;
        }
    }

    public string ToJson()
    {
        var text = new StringBuilder();
        Write(text);
        return text.ToString();
    }

    private void Write(StringBuilder text)
    {
        if (Kind == TreeKind.Scalar)
        {
            text.Append(Raw);
            return;
        }

        text.Append(Kind == TreeKind.Object ? '{' : '[');
        for (var i = 0; i < Values.Count; i++)
        {
            if (i > 0)
                text.Append(',');
            if (Kind == TreeKind.Object)
                text.Append('"').Append(Names[i]).Append("\":");
            Values[i].Write(text);
        }

        text.Append(Kind == TreeKind.Object ? '}' : ']');
    }

    /// <summary>The same as YAML, in blocks.</summary>
    public string ToYaml()
    {
        var text = new StringBuilder();
        WriteYaml(text, 0);
        return text.ToString();
    }

    private void WriteYaml(StringBuilder text, int indent)
    {
        for (var i = 0; i < Values.Count; i++)
        {
            text.Append(' ', indent).Append(Kind == TreeKind.Object ? $"\"{Names[i]}\":" : "-");
            var value = Values[i];
            if (value.Kind == TreeKind.Scalar || value.Values.Count == 0)
            {
                text.Append(' ').Append(value.ToJson()).Append('\n');
                continue;
            }

            text.Append('\n');
            value.WriteYaml(text, indent + 2);
        }

        if (indent == 0 && (Kind == TreeKind.Scalar || Values.Count == 0))
            text.Append(ToJson()).Append('\n');
    }
}

/// <summary>What a <see cref="Tree"/> is.</summary>
internal enum TreeKind
{
    Object,
    List,
    Scalar,
}
