using System.CommandLine;
using System.Globalization;
using Plugboard.Documents;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Cli;

/// <summary>
/// Converts a command line for flanneld or ip-masq-agent to one for System.CommandLine: one dash or two, <c>--flag=1</c> for booleans,
/// numbers in Go's forms, of a repeated flag the last. Flags without effect here are skipped. Source: Go's package flag, klog's and glog's
/// flags.
/// </summary>
/// <param name="options">The coordinator's own flags.</param>
/// <param name="note">Gets a line for each skipped flag.</param>
internal sealed class GoFlags(IReadOnlyList<Option> options, Action<string> note)
{
    private const string OfTheLog = "the log goes to standard error";

    private static readonly string[] ownWords = ["help", "h", "?", "version"];

    // Flags with a value, and why they have no effect.
    private static readonly Dictionary<string, string> valued = new(StringComparer.Ordinal)
    {
        ["subnet-lease-renew-margin"] = "the lease is renewed long before it ends",
        ["iptables-resync"] = "rules are repaired when they change, and compared each --audit-interval",
        ["v"] = OfTheLog,
        ["vmodule"] = OfTheLog,
        ["stderrthreshold"] = OfTheLog,
        ["log-backtrace-at"] = OfTheLog,
        ["log-dir"] = OfTheLog,
        ["log-file"] = OfTheLog,
        ["log-file-max-size"] = OfTheLog,
        ["log-flush-frequency"] = OfTheLog,
        ["log-link"] = OfTheLog,
        ["logbuflevel"] = OfTheLog,
        ["logbufsecs"] = OfTheLog,
    };

    private static readonly string[] switches =
    [
        "logtostderr",
        "alsologtostderr",
        "skip-headers",
        "skip-log-headers",
        "one-output",
        "add-dir-header",
        "legacy-stderr-threshold-behavior",
    ];

    private readonly List<(string Name, string[] Words)> spelt = [];

    /// <summary>The command line.</summary>
    /// <exception cref="SettingException">A flag is unknown, or has an invalid value.</exception>
    public IReadOnlyList<string> Spell(IReadOnlyList<string> args)
    {
        spelt.Clear();
        for (var at = 0; at < args.Count; at++)
        {
            if (args[at].Length < 2 || args[at][0] != '-')
                spelt.Add(("", [args[at]]));
            else if (args[at] == "--")
                return [.. spelt.SelectMany(each => each.Words), .. args.Skip(at + 1)];
            else
                Take(args, ref at);
        }

        return [.. spelt.SelectMany(each => each.Words)];
    }

    private void Take(IReadOnlyList<string> args, ref int at)
    {
        var text = args[at].StartsWith("--", StringComparison.Ordinal) ? args[at][2..] : args[at][1..];
        var sign = text.IndexOf('=', StringComparison.Ordinal);
        var (name, value) = sign < 0 ? (text, null) : (text[..sign], text[(sign + 1)..]);
        if (ownWords.Contains(name, StringComparer.Ordinal))
        {
            spelt.Add(("", [args[at]]));
            return;
        }

        if (IsPassedOver(name, ref value, args, ref at))
            return;
        if (options.FirstOrDefault(option => option.Name == $"--{name}") is not { } option)
            throw new SettingException($"unknown flag --{name}{Spelling.Hint(name, options.Select(option => option.Name[2..]))}");
        if (value is null && option.ValueType != typeof(bool) && at + 1 < args.Count)
            value = args[++at];
        else if (sign >= 0 && value!.Length == 0 && option is not (Option<string> or Option<string[]>))
            throw new SettingException($"{args[at]}: there is no value after the sign");
        Add(option, value);
    }

    private bool IsPassedOver(string name, ref string? value, IReadOnlyList<string> args, ref int at)
    {
        var word = name.Replace('_', '-');
        if (switches.Contains(word, StringComparer.Ordinal))
        {
            note($"--{name} is without effect here: {OfTheLog}");
            return true;
        }

        if (!valued.TryGetValue(word, out var why))
            return false;
        if (value is null && at + 1 < args.Count)
            at++;
        note($"--{name} is without effect here: {why}");
        return true;
    }

    private void Add(Option option, string? value)
    {
        // Go takes the last; a list has all.
        if (!option.ValueType.IsArray)
            spelt.RemoveAll(each => each.Name == option.Name);
        spelt.Add((option.Name, WordsOf(option, value)));
    }

    private static string[] WordsOf(Option option, string? value)
    {
        if (value is null)
            return [option.Name];
        if (option.ValueType == typeof(bool))
        {
            var isOn = ReadSwitch(value) ?? throw new SettingException($"{option.Name}={value}: neither true nor false");
            return [$"{option.Name}={isOn.ToString(CultureInfo.InvariantCulture)}"];
        }

        if (option.ValueType == typeof(int))
            value = WholeNumber(option, value);
        if (option.ValueType.IsEnum)
            RequireWord(option, value);
        // To System.CommandLine an argument that ends with the sign has no value, and the option takes what comes next for it.
        return value.Length == 0 ? [option.Name, ""] : [$"{option.Name}={value}"];
    }

    private static string WholeNumber(Option option, string value)
    {
        var number = GoYamlNumber.Find(value) ?? value;
        return int.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
            ? number
            : throw new SettingException($"{option.Name}={value}: not a whole number");
    }

    private static void RequireWord(Option option, string value)
    {
        var words = option.HelpName!.Split('|');
        if (!words.Contains(value, StringComparer.OrdinalIgnoreCase))
            throw new SettingException(
                $"{option.Name}={value}: not {string.Join(", ", words[..^1])} or {words[^1]}{Spelling.Hint(value, words)}"
            );
    }

    /// <summary>Reads a boolean as Go's strconv.ParseBool does; null if the text is not a boolean.</summary>
    public static bool? ReadSwitch(string text) =>
        text switch
        {
            "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
            "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
            _ => null,
        };
}
