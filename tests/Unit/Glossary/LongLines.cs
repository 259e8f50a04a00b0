namespace Plugboard.Tests.Unit.Glossary;

/// <summary>Finds the lines of a file that are longer than a screen is wide, and could be shorter.</summary>
internal static class LongLines
{
    /// <summary>What a line may have, in characters.</summary>
    public const int Columns = 140;

    private static readonly string[] skipped =
    [
        // Inputs as their programs write them, most of them JSON on one line.
        "tests/Fuzz/Corpus/",
        // Mangled names, one on each line.
        "shared/Hosting/Native/start-order.txt",
        "shared/Hosting/Native/start-order.ld",
        // The format has one line for each project.
        "Plugins.sln",
    ];

    /// <summary>Each as "path:line: N columns".</summary>
    /// <param name="path">From the repository.</param>
    /// <param name="text">The file.</param>
    public static IEnumerable<string> Find(string path, string text)
    {
        if (skipped.Any(start => path.StartsWith(start, StringComparison.Ordinal)))
            return [];
        var lines = text.Split('\n');
        var whole = path.EndsWith(".md", StringComparison.Ordinal) ? WholeLinesOfPage(lines) : [];
        return Enumerable
            .Range(0, lines.Length)
            .Where(i => lines[i].Length > Columns && !whole.Contains(i))
            .Select(i => $"{path}:{i + 1}: {lines[i].Length} columns");
    }

    // Markdown has no way to divide a row of a table. What a program printed stays as it was: the lines of a fenced block with commands
    // ("$ ") that are no commands.
    private static HashSet<int> WholeLinesOfPage(string[] lines)
    {
        var whole = new HashSet<int>();
        for (var i = 0; i < lines.Length; i++)
        {
            if (lines[i].TrimStart().StartsWith('|'))
                whole.Add(i);
            else if (IsFence(lines[i]))
            {
                var next = Array.FindIndex(lines, i + 1, IsFence);
                var end = next < 0 ? lines.Length : next;
                var block = Enumerable.Range(i + 1, end - i - 1).ToList();
                if (block.Exists(each => IsCommand(lines[each])))
                    whole.UnionWith(block.Where(each => !IsCommand(lines[each])));
                i = end;
            }
        }

        return whole;
    }

    private static bool IsFence(string line) => line.TrimStart().StartsWith("```", StringComparison.Ordinal);

    private static bool IsCommand(string line) => line.TrimStart().StartsWith("$ ", StringComparison.Ordinal);
}
