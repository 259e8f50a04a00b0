using System.Globalization;
using System.Text;
using Plugboard.Protocols.FlexVolume;

namespace Plugboard.FlexVolume;

/// <summary>
/// The part of YAML that manifests are written in: mappings and lists by indentation, plain and quoted texts, comments, <c>{}</c> and <c>[]</c>. What it does not read
/// it refuses, with the line: anchors, tags, block texts, flow mappings that hold something, several documents.
/// </summary>
internal sealed class YamlNode
{
    private readonly List<(string Key, YamlNode Value)> members = [];
    private readonly List<YamlNode> items = [];

    // How it is written where it is a mapping or a list that holds nothing.
    private string? empty;

    private YamlNode(string text = "") => Text = text;

    /// <summary>A text's characters; empty for all else.</summary>
    public string Text { get; }

    /// <summary>A mapping's keys and values in their order.</summary>
    public IReadOnlyList<(string Key, YamlNode Value)> Members => members;

    /// <summary>The value of a key; null where it is absent.</summary>
    public YamlNode? Find(string key)
    {
        foreach (var (each, value) in members)
        {
            if (each == key)
                return value;
        }

        return null;
    }

    /// <summary>Reads a document.</summary>
    /// <exception cref="FlexException">It has something that is not read.</exception>
    public static YamlNode Parse(string text)
    {
        var lines = new List<(int Number, int Indent, string Text)>();
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.TrimEnd('\r', ' ');
            var content = line.TrimStart(' ');
            if (content.Length == 0 || content[0] == '#' || (lines.Count == 0 && content == "---"))
                continue;
            if (content == "---")
                throw Refused(number, "a second document");
            if (content[0] == '\t')
                throw Refused(number, "a tab for indentation");
            lines.Add((number, line.Length - content.Length, content));
        }

        if (lines.Count == 0)
            return new YamlNode();
        var at = 0;
        var root = ParseBlock(lines, ref at, 0);
        return at == lines.Count ? root : throw Refused(lines[at].Number, "this indentation");
    }

    private static YamlNode ParseBlock(List<(int Number, int Indent, string Text)> lines, ref int at, int indent)
    {
        var node = new YamlNode();
        var isList = IsItem(lines[at].Text);
        while (at < lines.Count && lines[at].Indent == indent && IsItem(lines[at].Text) == isList)
        {
            var (number, _, text) = lines[at];
            if (isList)
            {
                if (text == "-")
                    throw Refused(number, "an item with nothing behind the dash");
                // What follows the dash is a block of its own, as far in as it stands.
                var rest = text[1..].TrimStart(' ');
                var inner = indent + text.Length - rest.Length;
                lines[at] = (number, inner, rest);
                node.items.Add(SplitKey(rest) is null ? ParseItem(ref at, rest, number) : ParseBlock(lines, ref at, inner));
                continue;
            }

            if (SplitKey(text) is not var (key, value))
                throw Refused(number, "a line that is neither \"key: value\" nor \"- item\"");
            at++;
            node.members.Add((key, value.Length > 0 ? Scalar(value, number) : ParseNested(lines, ref at, indent)));
        }

        return node;
    }

    private static bool IsItem(string text) => text == "-" || text.StartsWith("- ", StringComparison.Ordinal);

    // A list may stand as far in as its key.
    private static YamlNode ParseNested(List<(int Number, int Indent, string Text)> lines, ref int at, int indent)
    {
        if (at >= lines.Count || lines[at].Indent < indent)
            return new YamlNode();
        if (lines[at].Indent > indent)
            return ParseBlock(lines, ref at, lines[at].Indent);
        return IsItem(lines[at].Text) ? ParseBlock(lines, ref at, indent) : new YamlNode();
    }

    private static YamlNode ParseItem(ref int at, string text, int number)
    {
        at++;
        return Scalar(text, number);
    }

    // "key: value" or "key:"; a colon in quotes or without a blank behind it is part of the text.
    private static (string Key, string Value)? SplitKey(string text)
    {
        var end = text[0] is '"' or '\'' ? text.IndexOf(text[0], 1) + 1 : 0;
        var colon = text.IndexOf(':', end);
        while (colon >= 0 && colon + 1 < text.Length && text[colon + 1] != ' ')
            colon = text.IndexOf(':', colon + 1);
        return colon <= 0 ? null : (text[..colon].Trim('"', '\''), WithoutComment(text[(colon + 1)..].Trim()));
    }

    private static string WithoutComment(string text)
    {
        if (text.StartsWith('#'))
            return "";
        var at = text.Length > 0 && text[0] is '"' or '\'' ? text.IndexOf(" #", text.LastIndexOf(text[0]), StringComparison.Ordinal) : text.IndexOf(" #", StringComparison.Ordinal);
        return at < 0 ? text : text[..at].TrimEnd();
    }

    private static YamlNode Scalar(string written, int number)
    {
        var text = WithoutComment(written);
        if (text is "{}" or "[]")
            return new YamlNode { empty = text };
        if (text is "~" or "null")
            return new YamlNode();
        if (text.Length > 1 && text[0] == '\'' && text[^1] == '\'')
            return new YamlNode(text[1..^1].Replace("''", "'", StringComparison.Ordinal));
        if (text.Length > 1 && text[0] == '"' && text[^1] == '"')
            return new YamlNode(Unescape(text[1..^1], number));
        if (text.Length > 0 && text[0] is '&' or '*' or '!' or '|' or '>' or '{' or '[' or '%' or '@' or '`' or '"' or '\'')
            throw Refused(number, $"a value that begins with {text[0]}");
        return new YamlNode(text);
    }

    private static string Unescape(string text, int number)
    {
        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                plain.Append(text[i]);
                continue;
            }

            i++;
            plain.Append(i < text.Length ? text[i] switch { 'n' => '\n', 't' => '\t', '"' => '"', '\\' => '\\', '/' => '/', _ => throw Refused(number, $"the escape \\{text[i]}") } : '\\');
        }

        return plain.ToString();
    }

    /// <summary>A text in quotes where it could be read as something else.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
            quoted.Append(c switch { '"' => "\\\"", '\\' => @"\\", '\n' => "\\n", '\t' => "\\t", _ => c.ToString() });
        return quoted.Append('"').ToString();
    }

    /// <summary>Writes this as a member of a mapping.</summary>
    public void Write(StringBuilder yaml, string key, int indent)
    {
        yaml.Append(' ', indent).Append(key).Append(':');
        if (members.Count == 0 && items.Count == 0)
        {
            yaml.Append(' ').Append(empty ?? (IsPlain(Text) ? Text : Quote(Text))).Append('\n');
            return;
        }

        yaml.Append('\n');
        WriteInner(yaml, indent + 2);
    }

    private void WriteInner(StringBuilder yaml, int indent)
    {
        foreach (var (key, value) in members)
            value.Write(yaml, key, indent);
        foreach (var item in items)
        {
            if (item.members.Count == 0)
            {
                yaml.Append(' ', indent).Append("- ").Append(IsPlain(item.Text) ? item.Text : Quote(item.Text)).Append('\n');
                continue;
            }

            var inner = new StringBuilder();
            item.WriteInner(inner, indent + 2);
            inner[indent] = '-';
            yaml.Append(inner);
        }
    }

    private static bool IsPlain(string text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.' or '/'))
                return false;
        }

        return text.Length > 0 && char.IsAsciiLetterOrDigit(text[0]);
    }

    private static FlexException Refused(int line, string what) =>
        new(string.Create(CultureInfo.InvariantCulture, $"line {line} has {what}, which is not read; kubectl get pv NAME -o yaml writes what is"));
}
