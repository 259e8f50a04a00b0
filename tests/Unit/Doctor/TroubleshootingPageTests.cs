using System.Reflection;
using System.Runtime.CompilerServices;
using Plugboard.Doctor;

namespace Plugboard.Tests.Unit.Doctor;

public sealed class TroubleshootingPageTests
{
    private static string Page([CallerFilePath] string own = "") =>
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(own)!, "../../../docs/troubleshooting.md"));

    public static TheoryData<string> Ids => [.. FindingIds.All];

    [Theory]
    [MemberData(nameof(Ids))]
    public void Every_finding_has_its_section(string id)
    {
        var page = Page();
        var start = page.IndexOf($"\n### `{id}`\n", StringComparison.Ordinal);
        Assert.True(start >= 0, $"docs/troubleshooting.md has no section `{id}`");
        var end = page.IndexOf("\n##", start + 4, StringComparison.Ordinal);
        var section = end < 0 ? page[start..] : page[start..end];
        Assert.Contains("**Do**", section, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_section_is_of_a_finding()
    {
        var sections = Page()
            .Split('\n')
            .Where(static line => line.StartsWith("### `", StringComparison.Ordinal))
            .Select(static line => line[5..^1]);
        Assert.Equal(FindingIds.All.Order(StringComparer.Ordinal), sections.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_id_is_listed()
    {
        var constants = typeof(FindingIds)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(static field => (string)field.GetRawConstantValue()!);
        Assert.Equal(constants.Order(StringComparer.Ordinal), FindingIds.All.Order(StringComparer.Ordinal));
    }
}
