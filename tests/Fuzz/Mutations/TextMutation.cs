using System.Text;

namespace Plugboard.Tests.Fuzz.Mutations;

/// <summary>Changes a text by its lines, their indentation and words.</summary>
internal sealed class TextMutation(Random random, IReadOnlyList<byte[]> corpus)
{
    public string ChangeSometimes(string text) => random.Next(2) == 0 ? text : Change(text);

    public string Change(string text)
    {
        for (var changes = 1 + random.Next(4); changes > 0; changes--)
            text = random.Next(2) == 0 ? ChangeLines(text) : ChangeWords(text);
        return text;
    }

    private T Pick<T>(IReadOnlyList<T> items) => items[random.Next(items.Count)];

    private string ChangeLines(string text)
    {
        var lines = text.Split('\n').ToList();
        var at = random.Next(lines.Count);
        switch (random.Next(8))
        {
            case 0:
                lines.RemoveAt(at);
                break;
            case 1:
                lines.Insert(at, lines[at]);
                break;
            case 2:
                var other = random.Next(lines.Count);
                (lines[at], lines[other]) = (lines[other], lines[at]);
                break;
            case 3:
                lines[at] = new string(' ', random.Next(1, 5)) + lines[at];
                break;
            case 4:
                lines[at] = lines[at].TrimStart();
                break;
            case 5:
                lines.Insert(at, Pick(Encoding.UTF8.GetString(Pick(corpus)).Split('\n')));
                break;
            case 6 when random.Next(20) == 0 && lines[at].Length < 200:
                lines.InsertRange(at, Enumerable.Repeat(lines[at], random.Next(500, 4000)));
                break;
            case 7 when random.Next(10) == 0:
                lines[at] += string.Concat(Enumerable.Repeat(Pick(["- ", "[", "{a: ", "? ", "- a: ", "> ", "\t"]), random.Next(10, 5000)));
                break;
            default:
                lines[at] = lines[at][..random.Next(lines[at].Length + 1)];
                break;
        }

        return string.Join('\n', lines);
    }

    private string ChangeWords(string text)
    {
        var at = random.Next(text.Length + 1);
        var length = Math.Min(random.Next(1, 20), text.Length - at);
        return random.Next(5) switch
        {
            0 => text.Remove(at, length),
            1 => text.Insert(at, Pick(HostileValues.Pieces)),
            2 => text.Remove(at, length).Insert(at, Pick(HostileValues.Pieces)),
            3 => text.Remove(at, length).Insert(at, Unquote(Pick(HostileValues.Json))),
            _ => random.Next(30) == 0
                ? text.Insert(at, new string(Pick(['x', '9', ' ']), random.Next(100, 20_000)))
                : text.Insert(at, text.Substring(at, length)),
        };
    }

    private static string Unquote(string json) => json.Length > 1 && json[0] == '"' ? json[1..^1] : json;
}
