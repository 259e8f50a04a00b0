using System.Globalization;
using System.Text;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Documents;

/// <summary>What the pages show of a terminal is what happens, on a node that is a namespace.</summary>
public sealed class RunnableBlockTests
{
    public static TheoryData<string> Pages => [.. RunnablePage.All()];

    [KernelTheory]
    [MemberData(nameof(Pages))]
    public void Each_command_of_a_page_does_what_the_page_shows(string path)
    {
        var page = RunnablePage.Read(Path.Combine(PluginDirectory.Root, path));
        using var machine = new TestMachine();
        var directory = Directory.CreateTempSubdirectory("plugboard-page-").FullName;
        foreach (var (name, text) in page.Files)
            File.WriteAllText(Path.Combine(directory, name), text);
        for (var i = 0; i < page.Steps.Count; i++)
            File.WriteAllText(Path.Combine(directory, $".step-{i}"), page.Steps[i].Command + "\n");
        File.CreateSymbolicLink(Path.Combine(directory, "examples"), Path.Combine(PluginDirectory.Root, "examples"));
        Directory.CreateDirectory(Path.Combine(directory, "artifacts"));
        File.CreateSymbolicLink(Path.Combine(directory, "artifacts/bin"), PluginDirectory.Ours);

        // Whatever a page leaves in the background ends with the process namespace.
        var (exitCode, _, error) = machine.TryTool([
            "unshare",
            "--uts",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount",
            "bash",
            Path.Combine(PluginDirectory.Root, "tests/EndToEnd/Documents/node.sh"),
            PluginDirectory.Ours,
            directory,
            page.Steps.Count.ToString(CultureInfo.InvariantCulture),
        ]);

        var faults = FaultsOf(page, directory, path);
        Directory.Delete(directory, recursive: true);
        Assert.True(exitCode == 0, error);
        Assert.True(faults.Length == 0, faults);
    }

    private static string FaultsOf(RunnablePage page, string directory, string path)
    {
        var faults = new StringBuilder();
        for (var i = 0; i < page.Steps.Count; i++)
        {
            var step = page.Steps[i];
            var printed = ReadOrEmpty($"{directory}/.output-{i}");
            var code = ReadOrEmpty($"{directory}/.code-{i}").Trim();
            if (code != "0" && !page.ShowsExitCode(i))
                faults.Append(CultureInfo.InvariantCulture, $"{path}:{step.Line}: {step.Command}: exit code {code}\n{printed}");
            else if (!RunnablePage.Fits(step, printed))
                faults.Append(
                    CultureInfo.InvariantCulture,
                    $"{path}:{step.Line}: {step.Command}: the page shows\n{string.Join('\n', step.Shown)}\nand it prints\n{printed}"
                );
        }

        return faults.ToString();
    }

    private static string ReadOrEmpty(string path) => File.Exists(path) ? File.ReadAllText(path) : "";
}
