using System.Text;

namespace Plugboard.Linux;

/// <summary>How a tool ended and what it said.</summary>
/// <param name="ExitCode">Its exit status; null if a signal ended it.</param>
/// <param name="Signal">The signal that ended it; null if it exited.</param>
/// <param name="TimedOut">True if it was killed for taking too long.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Error">Its standard error.</param>
public sealed record CommandResult(int? ExitCode, int? Signal, bool TimedOut, byte[] Output, byte[] Error)
{
    /// <summary>The process that is still there though it was killed, because the kernel does not let it go; null if it ended.</summary>
    public int? Abandoned { get; init; }

    /// <summary>True if it was killed for writing more to standard output than <see cref="Command.OutputLimit"/>.</summary>
    public bool WroteTooMuch { get; init; }

    /// <summary>True for exit status 0.</summary>
    public bool Succeeded => ExitCode == 0;

    /// <summary>Its standard error as text.</summary>
    public string ErrorText => Encoding.UTF8.GetString(Error);
}
