using System.Text;

namespace Plugboard.FlexVolume;

/// <summary>What is in braces, brackets or quotes, over several lines where it has them; JSON is that and nothing else.</summary>
/// <param name="lines">The lines.</param>
/// <param name="row">Where it begins.</param>
/// <param name="column">Where in the line.</param>
internal sealed class YamlFlow(string[] lines, int row, int column)
{
    private const int MaxDepth = 100;

    /// <summary>The line behind what was read.</summary>
    public int Row { get; private set; } = row;

    /// <summary>The place in that line.</summary>
    public int Column { get; private set; } = column;

    private char Next => Column < lines[Row].Length ? lines[Row][Column] : '\n';

    /// <summary>Reads one value.</summary>
    public YamlNode Read(int depth)
    {
        if (depth > MaxDepth)
            throw Refused("more levels than are read");
        return Next switch
        {
            '{' => ReadMapping(depth),
            '[' => ReadList(depth),
            '"' or '\'' => YamlNode.Quoted(ReadQuoted()),
            '&' or '*' or '!' or '%' or '@' or '`' or '|' or '>' => throw Refused($"a value that begins with {Next}"),
            _ => YamlNode.Plain(ReadPlain()),
        };
    }

    private YamlNode ReadMapping(int depth)
    {
        var mapping = YamlNode.NewMapping();
        Column++;
        for (Skip(); Next != '}'; Skip())
        {
            var line = Row;
            var key = Next is '"' or '\'' ? ReadQuoted() : ReadPlain();
            Skip();
            var value = YamlNode.Null;
            if (Next == ':')
            {
                Column++;
                Skip();
                if (Next is not (',' or '}'))
                    value = Read(depth + 1);
                Skip();
            }

            if (!mapping.TryAdd(key, value))
                throw YamlReader.Refusal(line + 1, $"the key \"{Volumes.Options.ShortText.Of(key)}\" a second time");
            PassComma('}');
        }

        Column++;
        return mapping;
    }

    private YamlNode ReadList(int depth)
    {
        var items = new List<YamlNode>();
        Column++;
        for (Skip(); Next != ']'; Skip())
        {
            items.Add(Read(depth + 1));
            Skip();
            PassComma(']');
        }

        Column++;
        return YamlNode.List(items);
    }

    private void PassComma(char end)
    {
        if (Next == ',')
            Column++;
        else if (Next != end)
            throw Refused($"no comma and no {end} where one must be");
    }

    // Over blanks, line ends and comments.
    private void Skip()
    {
        while (true)
        {
            while (Next is ' ' or '\t' or '\r')
                Column++;
            if (Next != '\n' && (Next != '#' || (Column > 0 && lines[Row][Column - 1] is not (' ' or '\t'))))
                return;
            if (Row + 1 >= lines.Length)
                throw Refused("braces, brackets or quotes that do not end");
            Row++;
            Column = 0;
        }
    }

    private string ReadPlain()
    {
        var text = new StringBuilder();
        while (
            Next is not ('\n' or ',' or '[' or ']' or '{' or '}')
            && !IsColon()
            && !(Next == '#' && text.Length > 0 && text[^1] is ' ' or '\t')
        )
        {
            text.Append(Next);
            Column++;
        }

        return text.Length > 0 ? text.ToString().TrimEnd(' ', '\t') : throw Refused("nothing where a value must be");
    }

    private bool IsColon() =>
        Next == ':' && (Column + 1 >= lines[Row].Length || lines[Row][Column + 1] is ' ' or '\t' or ',' or '[' or ']' or '{' or '}');

    private string ReadQuoted()
    {
        var (start, quote, text) = (Row, Next, new StringBuilder());
        for (var at = Column + 1; ; at = lines[Row].Length - lines[Row].AsSpan().TrimStart("\t ").Length)
        {
            var line = lines[Row];
            var end = YamlQuotes.FindEnd(line, quote, at);
            text.Append(line.AsSpan(at, (end < 0 ? line.Length : end) - at));
            if (end >= 0)
            {
                Column = end + 1;
                return YamlQuotes.Unquote(text.ToString(), quote, start + 1);
            }

            Fold(text, quote);
            if (++Row >= lines.Length)
                throw YamlReader.Refusal(start + 1, "quotes that do not end");
        }
    }

    // A line end in quotes is a blank, each empty line is a line end, and a line end behind a backslash is nothing.
    private void Fold(StringBuilder text, char quote)
    {
        var slashes = 0;
        while (quote == '"' && slashes < text.Length && text[^(slashes + 1)] == '\\')
            slashes++;
        if (slashes % 2 == 1)
        {
            text.Length--;
            return;
        }

        while (text.Length > 0 && text[^1] is ' ' or '\t')
            text.Length--;
        var isBlankNext = Row + 1 < lines.Length && lines[Row + 1].AsSpan().Trim("\t ").IsEmpty;
        var isBlank = lines[Row].AsSpan().Trim("\t ").IsEmpty;
        text.Append(isBlank || !isBlankNext ? (isBlank ? "\n" : " ") : "");
    }

    private Exception Refused(string what) => YamlReader.Refusal(Row + 1, what);
}
