using System.Globalization;
using System.Text;

namespace Plugboard.Firewall.Iptables;

/// <summary>
/// What one <c>iptables-restore --noflush</c> is to do to a table, all of it or nothing. Nothing that a name or a comment holds gets out
/// of its word: what cannot be quoted is refused. Source: iptables-restore(8), iptables/iptables-restore.c.
/// </summary>
/// <param name="table">The table.</param>
public sealed class RestoreScript(string table = "nat")
{
    // iptables-restore.c reads lines into 10,240 bytes; what is longer would go on as a line of its own.
    private const int LongestLine = 10_000;

    private readonly List<string> lines = ["*" + table];

    /// <summary>True if there is nothing to do.</summary>
    public bool IsEmpty => lines.Count == 1;

    /// <summary>The standard input of iptables-restore.</summary>
    public string Text => IsEmpty ? "" : string.Join('\n', lines) + "\nCOMMIT\n";

    /// <summary>A line by its number from 1; null if the text has no such line or the line only begins or ends the table.</summary>
    public string? Line(int number) => number > 1 && number <= lines.Count ? lines[number - 1] : null;

    /// <summary>The first line that has a word; null if none has.</summary>
    public string? LineWith(string word) => lines.Find(line => RuleWords.Split(line).Contains(word));

    /// <summary>Makes a chain, or empties the one that is there; what refers to it stays.</summary>
    public void Declare(string chain) => lines.Add($":{chain} - [0:0]");

    /// <summary>Makes a chain; the whole script fails where it is there, as when another process was faster.</summary>
    public void Create(string chain) => lines.Add($"-N {chain}");

    /// <summary>Adds a rule as its chain's last.</summary>
    /// <exception cref="IptablesWordException">The rule holds a line break or a NUL, or is too long.</exception>
    public void Append(IptablesRule rule) => Add($"-A {rule}");

    /// <summary>Adds a rule as its chain's first.</summary>
    /// <exception cref="IptablesWordException">The rule holds a line break or a NUL, or is too long.</exception>
    public void Insert(IptablesRule rule) => Add($"-I {rule}");

    /// <summary>Removes a rule; the whole script fails where it is gone.</summary>
    public void Delete(IptablesRule rule) => Add($"-D {rule}");

    /// <summary>Deletes what is at a place of a chain, whatever it says.</summary>
    /// <param name="chain">The chain.</param>
    /// <param name="number">From 1; those behind it move up by one.</param>
    public void DeleteAt(string chain, int number) => lines.Add(string.Create(CultureInfo.InvariantCulture, $"-D {chain} {number}"));

    /// <summary>Looks for a rule; the whole script fails where it is missing.</summary>
    /// <exception cref="IptablesWordException">The rule holds a line break or a NUL, or is too long.</exception>
    public void Check(IptablesRule rule) => Add($"-C {rule}");

    /// <summary>Empties and removes a chain; the whole script fails where something refers to it.</summary>
    public void Remove(string chain)
    {
        lines.Add($"-F {chain}");
        lines.Add($"-X {chain}");
    }

    /// <summary>Removes a chain; the whole script fails where it has a rule, or something refers to it.</summary>
    public void RemoveEmpty(string chain) => lines.Add($"-X {chain}");

    private void Add(string line) =>
        lines.Add(
            Encoding.UTF8.GetByteCount(line) <= LongestLine
                ? line
                : throw new IptablesWordException($"an iptables rule is longer than {LongestLine} bytes: {line.AsSpan(0, 80)}…")
        );
}
