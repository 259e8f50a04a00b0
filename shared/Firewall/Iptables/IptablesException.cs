namespace Plugboard.Firewall.Iptables;

/// <summary>An iptables tool failed.</summary>
public class IptablesException : Exception
{
    /// <summary>A failure and what is known of it.</summary>
    /// <param name="tool">The executable's path.</param>
    /// <param name="exitCode">Its exit status; null if a signal ended it or it took too long.</param>
    /// <param name="rule">The line it failed at, as <c>-A CHAIN …</c>; null if it named none.</param>
    /// <param name="message">One whole sentence.</param>
    public IptablesException(string tool, int? exitCode, string? rule, string message)
        : base(message)
    {
        Tool = tool;
        ExitCode = exitCode;
        Rule = rule;
    }

    /// <summary>The executable's path.</summary>
    public string Tool { get; }

    /// <summary>Its exit status; null if a signal ended it or it took too long.</summary>
    public int? ExitCode { get; }

    /// <summary>The line it failed at, as <c>-A CHAIN …</c>; null if it named none.</summary>
    public string? Rule { get; }
}
