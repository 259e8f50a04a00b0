using System.Text;

namespace Plugboard.Firewall.Iptables;

/// <summary>
/// The words of a line as iptables-restore(8) reads and iptables-save(8) writes them: divided by blanks, or in quotation marks, where a
/// backslash takes the next character as it is. Source: iptables/xshared.c (add_param_to_argv), libxtables/xtables.c (xtables_save_string).
/// </summary>
internal static class RuleWords
{
    // xshared.h: struct xt_param_buf has 1024 bytes with the NUL.
    private const int LongestWord = 1023;

    private const string Plain = "_-./:,=!+%@[]";

    /// <summary>Splits a line.</summary>
    public static IReadOnlyList<string> Split(ReadOnlySpan<char> line)
    {
        var words = new List<string>(16);
        var word = new StringBuilder();
        var (quoted, escaped) = (false, false);
        foreach (var c in line)
        {
            if (quoted && (escaped || c is not ('\\' or '"')))
            {
                word.Append(c);
                escaped = false;
            }
            else if (quoted && c == '\\')
            {
                escaped = true;
            }
            else if (c == '"')
            {
                // A closing mark ends the word, an opening one does not begin one.
                quoted = !quoted;
                if (!quoted)
                    End(words, word);
            }
            else if (c is not (' ' or '\t'))
            {
                word.Append(c);
            }
            else if (word.Length > 0)
            {
                End(words, word);
            }
        }

        if (word.Length > 0)
            End(words, word);
        return words;
    }

    private static void End(List<string> words, StringBuilder word)
    {
        words.Add(word.ToString());
        word.Clear();
    }

    /// <summary>Writes a word so that it is read as one, whatever it holds.</summary>
    /// <exception cref="IptablesWordException">It holds a line break or a NUL, or is longer than iptables-restore reads: no quoting
    /// helps.</exception>
    public static void Append(StringBuilder line, string word)
    {
        if (word.AsSpan().IndexOfAny('\n', '\0') >= 0)
            throw new IptablesWordException("a word of an iptables rule holds a line break or a NUL, which iptables-restore does not take");
        if (Encoding.UTF8.GetByteCount(word) > LongestWord)
            throw new IptablesWordException($"a word of an iptables rule is longer than {LongestWord} bytes: {word.AsSpan(0, 40)}…");
        if (IsPlain(word))
        {
            line.Append(word);
            return;
        }

        line.Append('"');
        foreach (var c in word)
        {
            if (c is '"' or '\\')
                line.Append('\\');
            line.Append(c);
        }

        line.Append('"');
    }

    private static bool IsPlain(string word)
    {
        foreach (var c in word)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !Plain.Contains(c))
                return false;
        }

        return word.Length > 0;
    }
}
