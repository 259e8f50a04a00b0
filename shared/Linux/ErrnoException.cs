using System.Runtime.InteropServices;
using Plugboard.Addresses;

namespace Plugboard.Linux;

/// <summary>A system call that the kernel refused: which call, on what, and why.</summary>
public class ErrnoException : Exception
{
    /// <summary>A refused call, with the error's own sentence.</summary>
    /// <param name="call">The call's name as in its man page, such as <c>open</c>.</param>
    /// <param name="subject">What it was called on: a path, a device, a namespace.</param>
    /// <param name="errno">The kernel's error number.</param>
    public ErrnoException(string call, string subject, Errno errno)
        : this(call, subject, errno, $"{call} {subject}: {Describe(errno)}") { }

    /// <summary>A refused call of which more is known than its number.</summary>
    protected ErrnoException(string call, string subject, Errno errno, string message)
        : base(Excerpt.OfMessage(message))
    {
        Call = call;
        Subject = subject;
        Errno = errno;
    }

    /// <summary>The call's name as in its man page.</summary>
    public string Call { get; }

    /// <summary>What it was called on.</summary>
    public string Subject { get; }

    /// <summary>The kernel's error number.</summary>
    public Errno Errno { get; }

    /// <summary>
    /// The error's sentence as strerror(3) gives it in Go's lower case, with its name: <c>no such file or directory (ENOENT)</c>.
    /// </summary>
    public static string Describe(Errno errno)
    {
        var name = Enum.IsDefined(errno) ? errno.ToString() : $"errno {(int)errno}";
        return $"{Sentence(errno)} ({name})";
    }

    /// <summary>The error's sentence alone, as Go prints it: <c>no such file or directory</c>.</summary>
    public static string Sentence(Errno errno)
    {
        var text = Marshal.GetPInvokeErrorMessage((int)errno);
        return text.Length > 1 && char.IsAsciiLetterLower(text[1]) ? char.ToLowerInvariant(text[0]) + text[1..] : text;
    }

    internal static ErrnoException Last(string call, string subject) => new(call, subject, (Errno)Marshal.GetLastPInvokeError());
}
