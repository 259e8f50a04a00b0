using System.Globalization;
using System.Text;

namespace Plugboard.FlexVolume;

/// <summary>
/// A value of a manifest: a text, a mapping, a list, or nothing. A text that was in quotes is one though it looks like a number.
/// </summary>
internal sealed class YamlNode
{
    private readonly List<(string Key, YamlNode Value)> members = [];
    private readonly Dictionary<string, YamlNode> byKey = new(StringComparer.Ordinal);
    private readonly List<YamlNode> items = [];
    private readonly Kind kind;
    private readonly bool isQuoted;

    private YamlNode(Kind kind, string text = "", bool isQuoted = false)
    {
        this.kind = kind;
        this.isQuoted = isQuoted;
        Text = text;
    }

    private enum Kind
    {
        Null,
        Text,
        Mapping,
        List,
    }

    /// <summary>Nothing.</summary>
    public static YamlNode Null { get; } = new(Kind.Null);

    /// <summary>A text's characters; empty for all else.</summary>
    public string Text { get; }

    /// <summary>True for nothing.</summary>
    public bool IsNull => kind == Kind.Null;

    /// <summary>A mapping's keys and values in their order.</summary>
    public IReadOnlyList<(string Key, YamlNode Value)> Members => members;

    /// <summary>A list's values.</summary>
    public IReadOnlyList<YamlNode> Items => items;

    /// <summary>A text that was written in quotes, or as a block.</summary>
    public static YamlNode Quoted(string text) => new(Kind.Text, text, isQuoted: true);

    /// <summary>A text that was written without quotes, or one of the words for nothing.</summary>
    public static YamlNode Plain(string text) => text is "" or "~" or "null" or "Null" or "NULL" ? Null : new YamlNode(Kind.Text, text);

    /// <summary>A mapping that holds nothing yet.</summary>
    public static YamlNode NewMapping() => new(Kind.Mapping);

    /// <summary>A list of these.</summary>
    public static YamlNode List(IEnumerable<YamlNode> values)
    {
        var list = new YamlNode(Kind.List);
        list.items.AddRange(values);
        return list;
    }

    /// <summary>Adds a member; false where the mapping has that key.</summary>
    public bool TryAdd(string key, YamlNode value)
    {
        if (!byKey.TryAdd(key, value))
            return false;
        members.Add((key, value));
        return true;
    }

    /// <summary>The value of a key; null where it is absent.</summary>
    public YamlNode? Find(string key) => byKey.GetValueOrDefault(key);

    /// <summary>The text of a key; null where it is absent, empty or no text.</summary>
    public string? FindText(string key) => Find(key) is { kind: Kind.Text, Text.Length: > 0 } value ? value.Text : null;

    /// <summary>Writes this as a member of a mapping.</summary>
    public void Write(StringBuilder yaml, string key, int indent)
    {
        yaml.Append(' ', indent).Append(IsPlain(key) ? key : Quote(key)).Append(':');
        WriteBehind(yaml, indent + 2);
    }

    private void WriteBehind(StringBuilder yaml, int indent)
    {
        if (members.Count == 0 && items.Count == 0)
        {
            yaml.Append(' ').Append(OneLine()).Append('\n');
            return;
        }

        yaml.Append('\n');
        WriteInner(yaml, indent);
    }

    private void WriteInner(StringBuilder yaml, int indent)
    {
        foreach (var (key, value) in members)
            value.Write(yaml, key, indent);
        foreach (var item in items)
        {
            if (item.members.Count == 0 && item.items.Count == 0)
            {
                yaml.Append(' ', indent).Append("- ").Append(item.OneLine()).Append('\n');
                continue;
            }

            var inner = new StringBuilder();
            item.WriteInner(inner, indent + 2);
            inner[indent] = '-';
            yaml.Append(inner);
        }
    }

    private string OneLine() =>
        kind switch
        {
            Kind.Null => "null",
            Kind.Mapping => "{}",
            Kind.List => "[]",
            _ => isQuoted || Text.Contains('\n', StringComparison.Ordinal) ? Quote(Text) : Text,
        };

    /// <summary>A text in quotes, which cannot be read as anything else.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            if (char.IsControl(c) && c is not ('\n' or '\t'))
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                quoted.Append(
                    c switch
                    {
                        '"' => "\\\"",
                        '\\' => @"\\",
                        '\n' => "\\n",
                        '\t' => "\\t",
                        _ => c.ToString(),
                    }
                );
        }

        return quoted.Append('"').ToString();
    }

    private static bool IsPlain(string text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.' or '/'))
                return false;
        }

        return text.Length > 0
            && char.IsAsciiLetter(text[0])
            && text is not ("true" or "false" or "null" or "yes" or "no" or "on" or "off" or "y" or "n");
    }
}
