using Plugboard.Addresses;

namespace Plugboard.Linux.Names;

/// <summary>The lines of hosts(5). Pure.</summary>
internal static class HostsFile
{
    /// <summary>All addresses of a name, in the file's order.</summary>
    public static List<IPAddr> FindAll(string text, string name)
    {
        var found = new List<IPAddr>();
        var wanted = name.TrimEnd('.');
        foreach (var line in text.Split('\n'))
        {
            var words = WordsOf(line);
            if (
                words.Skip(1).Any(word => word.Equals(wanted, StringComparison.OrdinalIgnoreCase))
                && IPAddr.TryParse(words[0], out var address)
                && !found.Contains(address)
            )
                found.Add(address);
        }

        return found;
    }

    /// <summary>A line's words without its comment.</summary>
    public static string[] WordsOf(string line)
    {
        var at = line.IndexOfAny(['#', ';']);
        return (at < 0 ? line : line[..at]).Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
    }
}
