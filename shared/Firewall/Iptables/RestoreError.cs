namespace Plugboard.Firewall.Iptables;

/// <summary>Finds the line of a script that iptables-restore complains of.</summary>
internal static class RestoreError
{
    /// <summary>The line; null if the complaint names none.</summary>
    /// <param name="said">Its standard error: <c>line 3 failed</c>, <c>Error occurred at line: 3</c>.</param>
    /// <param name="script">What it was given.</param>
    public static string? FindLine(string said, RestoreScript script)
    {
        // iptables-nft says a missing chain's name, and the line of the COMMIT: "Chain 'X' does not exist Error occurred at line: 9".
        return script.Line(Number(said)) ?? (Quoted(said) is { } word ? script.LineWith(word) : null);
    }

    private static int Number(string said)
    {
        var at = said.LastIndexOf("line", StringComparison.Ordinal);
        if (at < 0)
            return 0;
        var rest = said.AsSpan(at + "line".Length).TrimStart(": ");
        var number = 0;
        foreach (var c in rest)
        {
            if (!char.IsAsciiDigit(c) || number > 1_000_000)
                break;
            number = 10 * number + (c - '0');
        }

        return number;
    }

    private static string? Quoted(string said)
    {
        var start = said.IndexOf('\'');
        var end = said.IndexOf('\'', start + 1);
        return start >= 0 && end > start ? said[(start + 1)..end] : null;
    }
}
