using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Plugboard.Tests.Unit.Documents;

/// <summary>A page of the docs: its headings, links and tables; what is in fenced blocks counts for none of them.</summary>
internal sealed partial class MarkdownPage
{
    private readonly List<string> lines = [];

    private MarkdownPage(string path, string text)
    {
        Path = path;
        Text = text;
        var isCode = false;
        foreach (var line in text.Split('\n'))
        {
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal))
                isCode = !isCode;
            else if (!isCode)
                lines.Add(line);
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>All of it.</summary>
    public string Text { get; }

    /// <summary>The folder of the repository.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Reads a page of <c>docs</c>, or of the path from the repository.</summary>
    public static MarkdownPage Read(string name) =>
        Of(System.IO.Path.Combine(Root, name.Contains('/', StringComparison.Ordinal) ? name : $"docs/{name}"));

    /// <summary>Reads a file.</summary>
    public static MarkdownPage Of(string path) => new(path, File.ReadAllText(path));

    /// <summary>Every page that ships.</summary>
    public static IEnumerable<string> All() =>
        Directory
            .EnumerateFiles(System.IO.Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Concat(((string[])["README.md", "CHANGELOG.md", "CONTRIBUTING.md"]).Select(static name => System.IO.Path.Combine(Root, name)));

    /// <summary>The headings of a level, without their signs.</summary>
    public IReadOnlyList<string> Headings(int level) =>
        [
            .. lines
                .Where(line => line.StartsWith(new string('#', level) + " ", StringComparison.Ordinal))
                .Select(line => line[(level + 1)..]),
        ];

    /// <summary>The anchors of all headings, as the usual renderers make them.</summary>
    public IReadOnlySet<string> Anchors() =>
        lines
            .Where(static line => line.StartsWith('#'))
            .Select(static line => AnchorOf(line.TrimStart('#')))
            .ToHashSet(StringComparer.Ordinal);

    /// <summary>The anchor of a heading.</summary>
    public static string AnchorOf(string heading) => NoAnchor().Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    /// <summary>What the links of the page lead to.</summary>
    public IEnumerable<string> Links() =>
        lines.SelectMany(static line => Link().Matches(line)).Select(static match => match.Groups["target"].Value);

    /// <summary>The links of the list before the first section.</summary>
    public IReadOnlyList<string> Contents() =>
        [
            .. lines
                .TakeWhile(static line => !line.StartsWith("## ", StringComparison.Ordinal))
                .Where(static line => line.StartsWith("- [", StringComparison.Ordinal))
                .SelectMany(static line => Link().Matches(line))
                .Select(static match => match.Groups["target"].Value),
        ];

    /// <summary>
    /// The rows of all tables whose first head has this word, each as its cells; those of one section only if one is named.
    /// </summary>
    public IReadOnlyList<string[]> Rows(string head, string? section = null)
    {
        var rows = new List<string[]>();
        var isInside = section is null;
        string? first = null;
        foreach (var line in lines)
        {
            if (line.StartsWith('#'))
                isInside = section is null || line.TrimStart('#', ' ') == section;
            var cells = line.StartsWith('|') ? CellsOf(line) : null;
            if (cells is null)
                first = null;
            else if (first is null)
                first = cells[0];
            else if (isInside && first == head && !cells[0].StartsWith("--", StringComparison.Ordinal))
                rows.Add(cells);
        }

        return rows;
    }

    /// <summary>The words in code of a cell.</summary>
    public static IEnumerable<string> Words(string cell) => Code().Matches(cell).Select(static match => match.Groups["word"].Value);

    private static string[] CellsOf(string line) =>
        [
            .. line.Trim()
                .Trim('|')
                .Replace("\\|", "\u0001", StringComparison.Ordinal)
                .Split('|')
                .Select(static cell => cell.Trim().Replace('\u0001', '|')),
        ];

    private static string FindRoot([CallerFilePath] string own = "") =>
        System.IO.Path.GetFullPath("../../..", System.IO.Path.GetDirectoryName(own)!);

    [GeneratedRegex(@"[^\w\- ]", RegexOptions.None, 1000)]
    private static partial Regex NoAnchor();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();

    [GeneratedRegex("`(?<word>[^`]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Code();
}
