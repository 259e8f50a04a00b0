using System.Text;
using Plugboard.Tests.Unit.Documents;

namespace Plugboard.Tests.Unit.Glossary;

public sealed class LineLengthTests
{
    // What the repository does not hold: built output, and the folders of git and of editors.
    private static readonly string[] foreign = ["artifacts", "bin", "obj", "TestResults"];
    private static readonly string[] hidden = [".ci", ".config"];

    private static readonly string word = new('x', LongLines.Columns - 1);

    [Fact]
    public void No_line_is_longer_than_140_columns()
    {
        var found = FilesIn(MarkdownPage.Root)
            .Select(static path => (Path: Path.GetRelativePath(MarkdownPage.Root, path), Bytes: File.ReadAllBytes(path)))
            .Where(static file => !file.Bytes.Contains((byte)0))
            .SelectMany(static file => LongLines.Find(file.Path, Encoding.UTF8.GetString(file.Bytes)))
            .ToList();

        Assert.True(found.Count == 0, $"{found.Count} long lines:\n{string.Join('\n', found)}");
    }

    [Theory]
    [InlineData("build.sh")]
    [InlineData("docs/page.md")]
    [InlineData("tests/Fuzz/Trial.cs")]
    public void A_line_of_141_columns_is_found_with_its_number(string path) =>
        Assert.Equal([$"{path}:2: 141 columns"], LongLines.Find(path, $"…{word}\n{word}xx\n"));

    [Fact]
    public void Rows_of_a_table_and_what_a_program_printed_cannot_be_shorter() =>
        Assert.Empty(LongLines.Find("docs/page.md", $"| {word} |\n\n```console run\n$ ip route\n{word}xx\n```\n"));

    [Fact]
    public void A_command_can_be_divided_and_so_can_a_block_without_one_and_the_text_after_it() =>
        Assert.Equal(
            ["docs/page.md:2: 141 columns", "docs/page.md:5: 141 columns", "docs/page.md:7: 141 columns"],
            LongLines.Find("docs/page.md", $"```\n$ {word}\n```\n```\n{word}xx\n```\n{word}xx\n")
        );

    [Theory]
    [InlineData("tests/Fuzz/Corpus/gc/usual.json")]
    [InlineData("Plugins.sln")]
    public void Recorded_inputs_and_the_solution_are_left_as_they_are(string path) => Assert.Empty(LongLines.Find(path, word + word));

    private static IEnumerable<string> FilesIn(string directory) =>
        Directory
            .EnumerateFiles(directory)
            .Where(static path => Path.GetFileName(path) != ".git")
            .Concat(Directory.EnumerateDirectories(directory).Where(IsOurs).SelectMany(FilesIn));

    private static bool IsOurs(string directory)
    {
        var name = Path.GetFileName(directory);
        return !foreign.Contains(name) && (!name.StartsWith('.') || hidden.Contains(name));
    }
}
