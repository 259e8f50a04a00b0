using System.Text.RegularExpressions;

namespace Plugboard.Tests.EndToEnd.Harness;

/// <summary>How many processes a call starts besides its own.</summary>
internal static partial class StartedProcesses
{
    /// <summary>The words before a command that has them written to a file.</summary>
    public static string[] Recording(string log) => ["/usr/bin/strace", "-f", "-qq", "-o", log, "-e", "trace=process"];

    /// <summary>How many a recording has.</summary>
    public static int CountIn(string log)
    {
        // A thread is no process; the first execve is the call's own.
        var calls = File.ReadLines(log).ToArray();
        var started = calls.Count(static line => Birth().IsMatch(line) && !line.Contains("CLONE_THREAD", StringComparison.Ordinal));
        Assert.Equal(started, calls.Count(static line => Start().IsMatch(line)) - 1);
        return started;
    }

    [GeneratedRegex(@"^\d+ +(fork|vfork|clone3?)\(", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Birth();

    [GeneratedRegex(@"^\d+ +execve(at)?\(", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Start();
}
