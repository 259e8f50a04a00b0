using System.Runtime.InteropServices;

namespace Plugboard.Linux.LibC;

/// <summary>linux/nsfs.h: ioctl_ns(2).</summary>
internal static partial class Sched
{
    /// <summary>_IO(0xb7, 3), Linux 4.11: a namespace's CLONE_ flag.</summary>
    public const nuint NS_GET_NSTYPE = 0xb703;

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(int fd, nuint request);
}
