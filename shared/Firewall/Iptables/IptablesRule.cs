using System.Text;
using Plugboard.Addresses;

namespace Plugboard.Firewall.Iptables;

/// <summary>A rule of the nat table: its chain and its words, in the form iptables-save(8) gives them.</summary>
/// <param name="chain">The chain it is in.</param>
/// <param name="words">What follows <c>-A chain</c>.</param>
public sealed class IptablesRule(string chain, params IReadOnlyList<string> words)
{
    private readonly Lazy<string> meaning = new(() => Normalize(words));

    /// <summary>The chain it is in.</summary>
    public string Chain { get; } = chain;

    /// <summary>What follows <c>-A chain</c>, unquoted.</summary>
    public IReadOnlyList<string> Words { get; } = words;

    /// <summary>What it jumps or goes to: a chain's name or a target's, as MASQUERADE; null if it only counts.</summary>
    public string? Target => Value("-j") ?? Value("-g");

    /// <summary>The word after an option; null if the rule has no such option.</summary>
    public string? Value(string option)
    {
        for (var i = 0; i + 1 < Words.Count; i++)
        {
            if (Words[i] == option)
                return Words[i + 1];
            // A comment may read like an option.
            if (Words[i] == "--comment")
                i++;
        }

        return null;
    }

    /// <summary>True if both say the same, in whatever order: versions of iptables-save differ in it.</summary>
    public bool Means(IptablesRule other) => Chain == other.Chain && Meaning == other.Meaning;

    /// <summary>Of two rules of one chain that say the same it is the same.</summary>
    internal string Meaning => meaning.Value;

    /// <summary>The line iptables-restore reads after <c>-A</c>, <c>-D</c> or <c>-I</c>.</summary>
    /// <exception cref="IptablesWordException">A word cannot be written; see <see cref="RestoreScript"/>.</exception>
    public override string ToString()
    {
        var line = new StringBuilder();
        RuleWords.Append(line, Chain);
        foreach (var word in Words)
            RuleWords.Append(line.Append(' '), word);
        return line.ToString();
    }

    // Each option with its values and its "!", in alphabetical order. "-m name" says nothing that the match's own options do not say.
    private static string Normalize(IReadOnlyList<string> words)
    {
        var options = new List<string>();
        var option = new StringBuilder();
        for (var i = 0; i < words.Count; i++)
        {
            var negated = option.Length == 2 && option[0] == '!';
            if (!negated && (words[i] == "!" || words[i].StartsWith('-')))
                End(options, option);
            option.Append(Canonical(words[i])).Append('\0');
            if (words[i] == "--comment" && i + 1 < words.Count)
                option.Append(words[++i]).Append('\0');
        }

        End(options, option);
        options.Sort(StringComparer.Ordinal);
        return string.Concat(options);
    }

    private static void End(List<string> options, StringBuilder option)
    {
        if (option.Length > 0 && !(option.Length > 2 && option[0] == '-' && option[1] == 'm' && option[2] == '\0'))
            options.Add(option.ToString());
        option.Clear();
    }

    // iptables writes some IPv6 addresses in another form than Go does: ::ffff:0:1 or ::0.0.0.1.
    private static string Canonical(string word) => IPPrefix.TryParse(word, out var prefix) ? prefix.ToString() : word;
}
