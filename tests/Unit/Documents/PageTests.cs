namespace Plugboard.Tests.Unit.Documents;

/// <summary>A page leads where it says, and a long one begins with what it has.</summary>
public sealed class PageTests
{
    private const int LongestWithoutContents = 2500;

    public static TheoryData<string> Pages => [.. MarkdownPage.All().Select(static path => Path.GetRelativePath(MarkdownPage.Root, path))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Each_link_leads_to_a_file_and_a_heading_of_it(string name)
    {
        var page = MarkdownPage.Of(Path.Combine(MarkdownPage.Root, name));
        var astray = page.Links()
            .Where(static link => !link.Contains("://", StringComparison.Ordinal))
            .Where(link => !Leads(page, link))
            .ToList();
        Assert.True(astray.Count == 0, $"{name}: {string.Join(", ", astray)}");
    }

    [Fact]
    public void A_page_of_more_than_2500_words_begins_with_a_list_of_its_sections()
    {
        foreach (var path in Directory.EnumerateFiles(Path.Combine(MarkdownPage.Root, "docs"), "*.md"))
        {
            var page = MarkdownPage.Of(path);
            if (page.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length <= LongestWithoutContents)
                continue;
            Assert.True(
                page.Headings(2).Select(static heading => "#" + MarkdownPage.AnchorOf(heading)).SequenceEqual(page.Contents()),
                $"{path}: no table of contents, or another one than its sections"
            );
        }
    }

    private static bool Leads(MarkdownPage page, string link)
    {
        var parts = link.Split('#');
        var path = parts[0].Length == 0 ? page.Path : Path.GetFullPath(parts[0], Path.GetDirectoryName(page.Path)!);
        return (File.Exists(path) || Directory.Exists(path)) && (parts.Length == 1 || MarkdownPage.Of(path).Anchors().Contains(parts[1]));
    }
}
