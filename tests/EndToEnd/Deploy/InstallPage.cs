using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Deploy;

/// <summary>docs/install.md, whose tables the manifests are held to.</summary>
internal static class InstallPage
{
    /// <summary>The rows of the first table below a heading, without its head; each as its cells.</summary>
    public static IReadOnlyList<string[]> Rows(string heading)
    {
        var lines = File.ReadAllLines(Path.Combine(PluginDirectory.Root, "docs/install.md"))
            .SkipWhile(line => line.TrimStart('#', ' ') != heading)
            .ToList();
        Assert.True(lines.Count > 0, $"docs/install.md has no heading \"{heading}\"");
        return
        [
            .. lines
                .SkipWhile(static line => !line.StartsWith('|'))
                .TakeWhile(static line => line.StartsWith('|'))
                .Skip(2)
                .Select(static line => Cells(line)),
        ];
    }

    private static string[] Cells(string line) => [.. line.Trim('|').Split('|').Select(static cell => cell.Trim())];
}
