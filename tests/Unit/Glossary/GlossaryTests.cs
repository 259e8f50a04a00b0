using System.Runtime.CompilerServices;

namespace Plugboard.Tests.Unit.Glossary;

public sealed class GlossaryTests
{
    private static readonly string[] folders = ["coordinator", "deploy", "docs", "examples", "installer", "plugins", "shared"];
    private static readonly string[] files = ["README.md", "CONTRIBUTING.md", "build.sh"];
    private static readonly string[] endings = [".cs", ".csproj", ".md", ".sh", ".yaml", ".json", ".conflist", ".props", ".targets"];

    // Built output, and history: a decision keeps the words of its day.
    private static readonly string[] skipped = ["/bin/", "/obj/", "/docs/decisions/"];

    private static string Root([CallerFilePath] string own = "") => Path.GetFullPath("../../..", Path.GetDirectoryName(own)!);

    [Fact]
    public void No_page_message_or_comment_uses_a_retired_word()
    {
        var root = Root();
        var found = PathsIn(root)
            .SelectMany(path => RetiredWords.Find(Path.GetRelativePath(root, path), File.ReadAllText(path)))
            .Concat(RetiredWords.Find("CHANGELOG.md", NewestSection(File.ReadAllText(Path.Combine(root, "CHANGELOG.md")))))
            .ToList();

        Assert.True(found.Count == 0, $"{found.Count} retired words:\n{string.Join('\n', found)}");
    }

    [Fact]
    public void Every_page_is_listed_by_its_title()
    {
        var docs = Path.Combine(Root(), "docs");
        var list = File.ReadAllText(Path.Combine(docs, "README.md"));
        var missing = Directory
            .EnumerateFiles(docs, "*.md")
            .Select(static path => Path.GetFileName(path))
            .Where(static name => name != "README.md")
            .Where(name => !list.Contains($"]({name}) |", StringComparison.Ordinal))
            .ToList();

        Assert.Empty(missing);
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void Every_retired_word_is_found_with_the_word_that_replaces_it(string line, string replacement)
    {
        var found = Assert.Single(RetiredWords.Find("page.md", $"A good line.\n{line}\n"));

        Assert.StartsWith("page.md:2: ", found, StringComparison.Ordinal);
        Assert.EndsWith(replacement, found, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Examples
    {
        get
        {
            var examples = new TheoryData<string, string>();
            foreach (var word in RetiredWords.All)
                examples.Add(word.Example, word.Replacement);
            return examples;
        }
    }

    private static IEnumerable<string> PathsIn(string root) =>
        folders
            .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(root, folder), "*", SearchOption.AllDirectories))
            .Concat(files.Select(file => Path.Combine(root, file)))
            .Where(static path => endings.Contains(Path.GetExtension(path)))
            .Where(path => !skipped.Any(part => path[root.Length..].Contains(part, StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal);

    private static string NewestSection(string changelog)
    {
        var first = changelog.IndexOf("\n## ", StringComparison.Ordinal);
        var second = changelog.IndexOf("\n## ", first + 1, StringComparison.Ordinal);
        return second < 0 ? changelog : changelog[..second];
    }
}
