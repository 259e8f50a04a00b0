using System.Globalization;
using Plugboard.Firewall.Iptables;

namespace Plugboard.Coordinator.Masquerade.Iptables;

/// <summary>Rules in a form that those we write and those that iptables-save prints share.</summary>
internal static class RuleForm
{
    /// <summary>The rule without what says nothing, and with probabilities as the kernel has them.</summary>
    public static IptablesRule Of(IptablesRule rule)
    {
        var words = new List<string>(rule.Words.Count);
        for (var i = 0; i < rule.Words.Count; i++)
        {
            var value = i + 1 < rule.Words.Count ? rule.Words[i + 1] : "";
            switch (rule.Words[i])
            {
                case "--comment":
                    words.AddRange(["--comment", value]);
                    i++;
                    break;
                case "--probability":
                    words.AddRange(["--probability", Probability(value)]);
                    i++;
                    break;
                case "-s" or "-d" when value is "0.0.0.0/0" or "::/0":
                    i++;
                    break;
                default:
                    words.Add(rule.Words[i]);
                    break;
            }
        }

        return new IptablesRule(rule.Chain, words);
    }

    // extensions/libxt_statistic.c: of 2^31; iptables-save prints 11 digits of it.
    private static string Probability(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var probability)
            ? Math.Round(probability * 0x80000000).ToString(CultureInfo.InvariantCulture)
            : text;
}
