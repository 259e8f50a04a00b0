using System.Text.RegularExpressions;
using Plugboard.Linux;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Deploy;

/// <summary>What an executable says of a verb's flags.</summary>
internal sealed partial class Help
{
    private readonly string text;

    private Help(string text) => this.text = text;

    /// <summary>Asks it.</summary>
    public static Help Of(string executable, string verb)
    {
        var result = new Command(Path.Combine(PluginDirectory.Ours, executable)) { Arguments = [verb, "--help"] }.Run();
        Assert.Equal(0, result.ExitCode);
        return new Help(System.Text.Encoding.UTF8.GetString(result.Output));
    }

    /// <summary>Whether there is such a flag.</summary>
    public bool Has(string flag) => LineOf(flag) is not null;

    /// <summary>Whether a flag may have a value: one of those that it lists, where it lists any, and never none.</summary>
    public bool Takes(string flag, string value) =>
        value.Length > 0
        && (
            Choices().Match(LineOf(flag)!) is not { Success: true } match
            || match.Groups["values"].Value.Split('|').Contains(value, StringComparer.OrdinalIgnoreCase)
        );

    /// <summary>What holds where it is not given; null: it does not say.</summary>
    public string? DefaultOf(string flag) =>
        Default().Match(LineOf(flag) ?? throw new InvalidOperationException($"no {flag}")) is { Success: true } match
            ? match.Groups["value"].Value
            : null;

    private string? LineOf(string flag) =>
        text.Split('\n')
            .FirstOrDefault(line =>
                Regex.IsMatch(line, $@"^\s+(-\w, )?{Regex.Escape(flag)}(\s|$)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1))
            );

    [GeneratedRegex(@"<(?<values>\w+(\|\w+)+)>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Choices();

    [GeneratedRegex(@"\[default: (?<value>[^\]]*)\]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Default();
}
