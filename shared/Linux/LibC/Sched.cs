using System.Runtime.InteropServices;

namespace Plugboard.Linux.LibC;

/// <summary>sched.h and linux/nsfs.h: setns(2), unshare(2), ioctl_ns(2).</summary>
internal static partial class Sched
{
    public const int CLONE_NEWNET = 0x40000000;
    public const int CLONE_NEWNS = 0x00020000;
    public const int CLONE_FS = 0x00000200;

    /// <summary>_IO(0xb7, 3), Linux 4.11: a namespace's CLONE_ flag.</summary>
    public const nuint NS_GET_NSTYPE = 0xb703;

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(int fd, nuint request);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    public static partial int SetNs(int fd, int type);

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    public static partial int Unshare(int flags);
}
