using System.Globalization;
using System.Text;
using Plugboard.Protocols.FlexVolume;

namespace Plugboard.FlexVolume;

/// <summary>
/// Reads the part of YAML 1.2 that manifests are written in, and with it JSON: documents, mappings and lists by indentation or in braces
/// and brackets, plain, quoted and block texts over several lines, comments. What it does not read it refuses, with the line: anchors,
/// aliases, tags, directives, keys that are no texts.
/// </summary>
internal sealed class YamlReader
{
    private const int MaxDepth = 100;

    private readonly string[] lines;
    private int row;
    private int depth;

    private YamlReader(string text) => lines = text.TrimStart('\ufeff').Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n');

    /// <summary>Reads all documents; empty ones are left out.</summary>
    /// <exception cref="FlexException">It has an unsupported element.</exception>
    public static List<YamlNode> Read(string text)
    {
        var reader = new YamlReader(text);
        var documents = new List<YamlNode>();
        while (reader.SkipToDocument())
        {
            var document = reader.ReadBlock(-1);
            if (!document.IsNull)
                documents.Add(document);
            if (reader.SkipBlank() && !reader.IsMarker("---") && !reader.IsMarker("..."))
                throw reader.Refused("this indentation");
        }

        return documents;
    }

    // What follows "---" in its line is content, as far in as it stands.
    private bool SkipToDocument()
    {
        while (SkipBlank())
        {
            if (lines[row][0] == '%')
                throw Refused("a directive");
            if (IsMarker("---"))
            {
                lines[row] = "   " + lines[row][3..];
                return true;
            }

            if (!IsMarker("..."))
                return true;
            row++;
        }

        return false;
    }

    private bool IsMarker(string marker) =>
        lines[row].StartsWith(marker, StringComparison.Ordinal) && (lines[row].Length == 3 || lines[row][3] is ' ' or '\t');

    // True where a line with content follows; it is then the current one.
    private bool SkipBlank()
    {
        for (; row < lines.Length; row++)
        {
            var content = lines[row].AsSpan().TrimStart(' ');
            if (content.TrimStart('\t').Length > 0 && content[0] != '#')
                return content[0] != '\t' || IsFlowOnly(content) ? true : throw Refused("a tab for indentation");
        }

        return false;
    }

    // JSON may be indented by tabs where it begins.
    private static bool IsFlowOnly(ReadOnlySpan<char> content) => content.TrimStart("\t ") is ['{' or '[', ..];

    private int Indent => lines[row].Length - lines[row].AsSpan().TrimStart(' ').Length;

    /// <summary>The node that begins in the next line with content, if that is further in than its parent; else nothing.</summary>
    private YamlNode ReadBlock(int parent)
    {
        if (!SkipBlank() || Indent <= parent || (Indent == 0 && (IsMarker("---") || IsMarker("..."))))
            return YamlNode.Null;
        if (++depth > MaxDepth)
            throw Refused("more levels than are read");
        var content = lines[row][Indent..];
        var node =
            IsItem(content) ? ReadList(Indent)
            : FindKey(content) is not null ? ReadMapping(Indent)
            : ReadInline(Indent, parent);
        depth--;
        return node;
    }

    private static bool IsItem(string content) => content == "-" || content.StartsWith("- ", StringComparison.Ordinal);

    private YamlNode ReadList(int indent)
    {
        var items = new List<YamlNode>();
        while (SkipBlank() && Indent == indent && IsItem(lines[row][indent..]) && !IsEnd(indent))
        {
            // What follows the dash is a block of its own, as far in as it stands.
            lines[row] = string.Concat(lines[row].AsSpan(0, indent), " ", lines[row].AsSpan(indent + 1));
            items.Add(lines[row].AsSpan(indent).Trim() is ['#', ..] or [] ? ReadBelow(indent) : ReadBlock(indent));
        }

        return YamlNode.List(items);
    }

    private YamlNode ReadBelow(int indent)
    {
        row++;
        return ReadBlock(indent);
    }

    private YamlNode ReadMapping(int indent)
    {
        var mapping = YamlNode.NewMapping();
        while (SkipBlank() && Indent == indent && !IsItem(lines[row][indent..]) && !IsEnd(indent))
        {
            var start = row;
            if (FindKey(lines[row][indent..]) is not var (key, length))
                throw Refused("a line that is neither \"key: value\" nor \"- item\"");
            var value = lines[row].AsSpan(indent + length).TrimStart("\t ");
            var read = value is [] or ['#', ..] ? ReadNested(indent) : ReadInline(lines[row].Length - value.Length, indent);
            if (!mapping.TryAdd(key, read))
                throw Refused($"the key \"{Volumes.Options.ShortText.Of(key)}\" a second time", start);
        }

        return mapping;
    }

    // A list may stand as far in as its key.
    private YamlNode ReadNested(int indent)
    {
        row++;
        if (SkipBlank() && Indent == indent && IsItem(lines[row][indent..]))
            return ReadList(indent);
        return ReadBlock(indent);
    }

    private bool IsEnd(int indent) => indent == 0 && (IsMarker("---") || IsMarker("..."));

    // "key: value" or "key:"; a colon in quotes or without a blank behind it is part of the text. The length is up to the colon and with
    // it.
    private (string Key, int Length)? FindKey(string content)
    {
        var quoted = content[0] is '"' or '\'';
        var end =
            quoted ? YamlQuotes.FindEnd(content, content[0], 1)
            : content[0] is '{' or '[' ? -1
            : 0;
        if (end < 0)
            return null;
        for (var colon = content.IndexOf(':', end); colon >= 0; colon = content.IndexOf(':', colon + 1))
        {
            if (colon + 1 < content.Length && content[colon + 1] is not (' ' or '\t'))
                continue;
            var key = content[..colon].TrimEnd();
            if (key.Contains(" #", StringComparison.Ordinal))
                return null;
            if (key.Length == 0 || key[0] is '?' or '&' or '*' or '!')
                throw Refused($"a key that begins with {(key.Length == 0 ? ':' : key[0])}");
            if (quoted && key.Length > end + 1)
                throw Refused("something behind a key's quotes");
            return (quoted ? YamlQuotes.Unquote(content[1..end], content[0], row + 1) : key, colon + 1);
        }

        return null;
    }

    // A text, or what is in braces or brackets, from a place of the current line; it may go on in lines that are further in than the
    // parent.
    private YamlNode ReadInline(int column, int parent)
    {
        var first = lines[row][column];
        if (first is '|' or '>')
            return YamlNode.Quoted(ReadBlockText(column, parent));
        if (first is '&' or '*' or '!' or '%' or '@' or '`')
            throw Refused($"a value that begins with {first}");
        if (first is not ('{' or '[' or '"' or '\''))
            return FindKey(lines[row][column..]) is null ? YamlNode.Plain(ReadPlain(column, parent)) : throw Refused("a key behind a key");
        var flow = new YamlFlow(lines, row, column);
        var node = flow.Read(depth);
        row = flow.Row;
        if (lines[row].AsSpan(flow.Column).Trim("\t ") is not ([] or ['#', ..]))
            throw Refused("something behind a value");
        row++;
        return node;
    }

    private string ReadPlain(int column, int parent)
    {
        var text = new StringBuilder(WithoutComment(lines[row][column..], out var isOver));
        for (row++; !isOver && row < lines.Length; row++)
        {
            var content = lines[row].Trim(' ', '\t');
            if (content.Length > 0 && (Indent <= parent || content[0] == '#' || IsEnd(Indent)))
                break;
            if (content.Length > 0 && FindKey(content) is not null)
                throw Refused("this indentation");
            // Lines are joined by blanks; an empty line is a line end.
            var joint =
                content.Length == 0 ? "\n"
                : text.Length > 0 && text[^1] != '\n' ? " "
                : "";
            text.Append(joint).Append(WithoutComment(content, out isOver));
        }

        return text.ToString().TrimEnd('\n');
    }

    private static string WithoutComment(string text, out bool isOver)
    {
        var at = text.IndexOf(" #", StringComparison.Ordinal);
        isOver = at >= 0;
        return (at < 0 ? text : text[..at]).TrimEnd(' ', '\t');
    }

    // "|" keeps line ends, ">" makes blanks of them; "-" behind it drops the last one, "+" keeps all of them; a digit is the indentation.
    private string ReadBlockText(int column, int parent)
    {
        var header = WithoutComment(lines[row][column..], out _);
        var (keep, strip) = (header.Contains('+', StringComparison.Ordinal), header.Contains('-', StringComparison.Ordinal));
        var told = header.AsSpan(1).TrimStart("+-") is [>= '1' and <= '9' and var digit, ..] ? Math.Max(parent, 0) + digit - '0' : 0;
        var content = new List<string>();
        for (row++; row < lines.Length; row++)
        {
            var isBlank = lines[row].Trim(' ').Length == 0;
            if (!isBlank && told == 0)
                told = Indent > parent ? Indent : int.MaxValue;
            if (!isBlank && (Indent < told || IsEnd(Indent)))
                break;
            content.Add(isBlank ? "" : lines[row][told..]);
        }

        var text = header[0] == '|' ? string.Join('\n', content) : Fold(content);
        var trimmed = text.TrimEnd('\n');
        return strip || trimmed.Length == 0 ? trimmed
            : keep ? text + "\n"
            : trimmed + "\n";
    }

    // A line that is further in, and one beside it, keep their line ends.
    private static string Fold(List<string> content)
    {
        var text = new StringBuilder();
        for (var i = 0; i < content.Count; i++)
        {
            var joins = i > 0 && content[i].Length > 0 && content[i - 1].Length > 0 && content[i][0] != ' ' && content[i - 1][0] != ' ';
            var isNew = i > 0 && (content[i].Length == 0 || content[i - 1].Length > 0 || i == 1);
            text.Append(
                    joins ? " "
                    : isNew ? "\n"
                    : ""
                )
                .Append(content[i]);
        }

        return text.ToString();
    }

    private FlexException Refused(string what, int? at = null) => Refusal((at ?? row) + 1, what);

    /// <summary>The failure for a line with an unsupported element.</summary>
    public static FlexException Refusal(int line, string what) =>
        new(
            string.Create(
                CultureInfo.InvariantCulture,
                $"line {line} has {what}, which is not read; kubectl get pv NAME -o yaml writes what is"
            )
        );
}
