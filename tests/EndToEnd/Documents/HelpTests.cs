using System.Text;
using System.Text.RegularExpressions;
using Plugboard.Linux;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Documents;

/// <summary>What the executables say of themselves is what the pages say, and a wrong command line is answered by one line.</summary>
public sealed partial class HelpTests
{
    private static string HelpOf(string executable, string verb)
    {
        var result = new Command(Path.Combine(PluginDirectory.Ours, executable)) { Arguments = [verb, "--help"] }.Run();
        Assert.Equal(0, result.ExitCode);
        return Encoding.UTF8.GetString(result.Output);
    }

    // Each flag of --help with its default; empty: it shows none.
    private static Dictionary<string, string> FlagsOf(string executable, string verb) =>
        Flag()
            .Matches(HelpOf(executable, verb))
            .Where(static match => match.Groups["name"].Value != "--help")
            .ToDictionary(
                static match => match.Groups["name"].Value,
                static match => match.Groups["default"].Value,
                StringComparer.Ordinal
            );

    // A row of docs/installer.md: the flag, the verbs where the table has them, the default.
    private static IEnumerable<(string Flag, string Verbs, string Default)> Rows(string head)
    {
        var rows = File.ReadLines(Path.Combine(PluginDirectory.Root, "docs/installer.md"))
            .SkipWhile(line => line != head)
            .Skip(2)
            .TakeWhile(static line => line.StartsWith('|'))
            .Select(static line =>
                line.Replace("\\|", "/", StringComparison.Ordinal).Trim('|').Split('|').Select(static cell => cell.Trim()).ToArray()
            );
        foreach (var row in rows)
            yield return (Word().Match(row[0]).Value, row.Length == 4 ? row[1] : "all", row[^2].Replace("`", "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("install")]
    [InlineData("rollback")]
    [InlineData("uninstall")]
    [InlineData("status")]
    [InlineData("doctor")]
    public void The_page_has_each_flag_of_the_installer_with_the_default_that_help_shows(string verb)
    {
        var head = verb == "doctor" ? "| flag | default | effect |" : "| flag | verbs | default | effect |";
        var page = Rows(head)
            .Where(row => row.Verbs == "all" || row.Verbs.Split(", ").Contains(verb))
            .ToDictionary(static row => row.Flag, static row => row.Default);
        var help = FlagsOf("installer", verb);
        Assert.Equal(help.Keys.Order(StringComparer.Ordinal), page.Keys.Order(StringComparer.Ordinal));
        foreach (var (flag, shown) in help)
            Assert.Equal(shown.Replace("the installer's own", "the installer's own directory", StringComparison.Ordinal), page[flag]);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("plan")]
    [InlineData("explain")]
    public void Each_flag_of_the_coordinator_shows_its_default(string verb)
    {
        var flags = FlagsOf("coordinator", verb);
        Assert.True(flags.Count > 40, string.Join(' ', flags.Keys));
        Assert.DoesNotContain("", flags.Values);
    }

    [KernelTheory]
    [InlineData("coordinator", 1, "no verb is given; one of run, plan, ")]
    [InlineData("coordinator frobnicate", 1, "unknown verb frobnicate; one of run, plan, ")]
    [InlineData("coordinator plan --helthz-port 1", 1, "unknown flag --helthz-port (did you mean \"healthz-port\"?)")]
    [InlineData("coordinator plan --source file", 1, "--source=file: not none, static, etcd or kubernetes")]
    [InlineData("installer", 2, "no verb is given; one of install, rollback, ")]
    [InlineData("installer instal", 2, "unknown verb instal (did you mean \"install\"?); one of install, ")]
    [InlineData("installer install --audit x", 2, "--audit takes 1 to 86400 seconds; ")]
    [InlineData("installer install --audit 0", 2, "--audit takes 1 to 86400 seconds; ")]
    [InlineData("installer status --output xml", 2, "Argument 'xml' not recognized. Must be one of: 'table' 'json'; ")]
    [InlineData("installer status --outptu json", 2, "unknown flag --outptu (did you mean \"--output\"?); ")]
    [InlineData("installer flexvolume gb", 2, "unknown verb gb")]
    [InlineData("installer flexvolume check {}", 2, "Option '--driver' is required; ")]
    public void A_wrong_command_line_is_answered_by_one_line(string line, int exitCode, string message)
    {
        using var machine = new TestMachine();
        var words = line.Split(' ');
        var (code, output, error) = machine.TryTool([Path.Combine(PluginDirectory.Ours, words[0]), .. words[1..]]);
        Assert.Equal((exitCode, ""), (code, output));
        Assert.StartsWith($"{words[0]}: {message}", error, StringComparison.Ordinal);
        Assert.Equal(error.Length - 1, error.IndexOf('\n', StringComparison.Ordinal));
    }

    [GeneratedRegex(
        @"^  (-\w, )?(?<name>--[a-z0-9-]+)\b[^\n]*?(\[default: (?<default>[^\]]*)\])?$",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Flag();

    [GeneratedRegex("--[a-z0-9-]+", RegexOptions.None, 1000)]
    private static partial Regex Word();
}
