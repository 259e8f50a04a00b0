using System.Runtime.InteropServices;

namespace Plugboard.Linux.LibC;

/// <summary>sched.h: setns(2) and unshare(2).</summary>
internal static partial class Sched
{
    public const int CLONE_NEWNET = 0x40000000;
    public const int CLONE_NEWNS = 0x00020000;
    public const int CLONE_FS = 0x00000200;

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    public static partial int SetNs(int fd, int type);

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    public static partial int Unshare(int flags);
}
