using System.Runtime.InteropServices;
using Plugboard.Linux;
using Plugboard.Linux.LibC;

namespace Plugboard.Testing;

/// <summary>Whether this process may make network namespaces.</summary>
internal static class KernelAccess
{
    private static readonly Lazy<string?> refusal = new(Try);

    /// <summary>Why tests are skipped; null where they run. With CI=true they always run, and fail where they cannot.</summary>
    public static string? Refusal => refusal.Value;

    private static string? Try()
    {
        if (Environment.GetEnvironmentVariable("CI") == "true")
            return null;
        var errno = Errno.None;
        var thread = new Thread(() =>
        {
            if (Sched.Unshare(Sched.CLONE_NEWNET) < 0)
                errno = (Errno)Marshal.GetLastPInvokeError();
        });
        thread.Start();
        thread.Join();
        return errno == Errno.None ? null : $"unshare(CLONE_NEWNET) is refused here: {ErrnoException.Describe(errno)}";
    }
}
