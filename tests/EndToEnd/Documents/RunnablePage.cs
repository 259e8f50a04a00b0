using System.Text;
using System.Text.RegularExpressions;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Documents;

/// <summary>
/// What of a page can be run: each fenced block <c>console run</c> is a terminal, where a line with <c>$ </c> is a command and those behind
/// it are what it prints; each block with <c>file=NAME</c> is a file beside it. A command succeeds unless the next one is <c>echo $?</c>.
/// In what is printed <c>…</c> is any text, and on a line of its own any lines.
/// </summary>
internal sealed class RunnablePage
{
    private const string Fence = "```";

    private readonly List<(string Name, string Text)> files = [];
    private readonly List<Step> steps = [];

    private RunnablePage() { }

    /// <summary>A command, and the lines that the page shows of it.</summary>
    internal sealed record Step(int Line, string Command, IReadOnlyList<string> Shown);

    /// <summary>The commands in the order of the page.</summary>
    public IReadOnlyList<Step> Steps => steps;

    /// <summary>The files that the commands find.</summary>
    public IReadOnlyList<(string Name, string Text)> Files => files;

    /// <summary>The pages with such blocks, relative to the repository.</summary>
    public static IEnumerable<string> All() =>
        Directory
            .EnumerateFiles(Path.Combine(PluginDirectory.Root, "docs"), "*.md")
            .Append(Path.Combine(PluginDirectory.Root, "README.md"))
            .Where(static path => Read(path).steps.Count > 0)
            .Select(static path => Path.GetRelativePath(PluginDirectory.Root, path))
            .Order(StringComparer.Ordinal);

    /// <summary>Reads a page.</summary>
    public static RunnablePage Read(string path)
    {
        var page = new RunnablePage();
        var lines = File.ReadAllLines(path);
        for (var at = 0; at < lines.Length; at++)
        {
            if (!lines[at].StartsWith(Fence, StringComparison.Ordinal))
                continue;
            var words = lines[at][Fence.Length..].Split(' ');
            var begin = at + 1;
            at = Array.FindIndex(lines, begin, static line => line == Fence);
            if (words is ["console", "run"])
                page.AddSteps(lines, begin, at);
            else if (Array.Find(words, static word => word.StartsWith("file=", StringComparison.Ordinal)) is { } file)
                page.files.Add((file["file=".Length..], string.Join('\n', lines[begin..at]) + "\n"));
        }

        return page;
    }

    private void AddSteps(string[] lines, int begin, int end)
    {
        for (var at = begin; at < end; )
        {
            Assert.StartsWith("$ ", lines[at], StringComparison.Ordinal);
            var line = at;
            var command = new StringBuilder(lines[at][2..]);
            while (lines[at].EndsWith('\\'))
                command.Append('\n').Append(lines[++at]);
            var next = Array.FindIndex(lines, at + 1, end - at - 1, static each => each.StartsWith("$ ", StringComparison.Ordinal));
            next = next < 0 ? end : next;
            steps.Add(new Step(line + 1, command.ToString(), lines[(at + 1)..next]));
            at = next;
        }
    }

    /// <summary>Whether a command may fail: the page shows its exit code.</summary>
    public bool ShowsExitCode(int step) => step + 1 < steps.Count && steps[step + 1].Command == "echo $?";

    /// <summary>
    /// Whether the lines that a command printed are those that the page shows; nothing is shown of a command without output.
    /// </summary>
    public static bool Fits(Step step, string printed)
    {
        var pattern = string.Concat(
            step.Shown.Where(static line => line.Length > 0)
                .Select(static line =>
                    line == "…" ? "(.*\n)*" : Regex.Escape(line.TrimEnd()).Replace("…", ".*", StringComparison.Ordinal) + "\n"
                )
        );
        var text = string.Concat(
            printed
                .Split('\n')
                .Select(static line => line.TrimEnd())
                .Where(static line => line.Length > 0)
                .Select(static line => line + "\n")
        );
        return step.Shown.Count == 0 || Regex.IsMatch(text, $"^{pattern}$(?!\n)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));
    }
}
