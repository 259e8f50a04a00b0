using System.Runtime.InteropServices;

namespace Plugboard.Linux;

/// <summary>A system call that the kernel refused: which call, on what, and why.</summary>
/// <param name="call">The call's name as in its man page, such as <c>open</c>.</param>
/// <param name="subject">What it was called on: a path, a device, a namespace.</param>
/// <param name="errno">The kernel's error number.</param>
public sealed class ErrnoException(string call, string subject, Errno errno)
    : Exception($"{call} {subject}: {Describe(errno)}")
{
    /// <summary>The call's name as in its man page.</summary>
    public string Call { get; } = call;

    /// <summary>What it was called on.</summary>
    public string Subject { get; } = subject;

    /// <summary>The kernel's error number.</summary>
    public Errno Errno { get; } = errno;

    /// <summary>The error's sentence as strerror(3) gives it in Go's lower case, with its name: <c>no such file or directory (ENOENT)</c>.</summary>
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
