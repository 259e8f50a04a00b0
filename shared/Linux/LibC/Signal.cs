using System.Runtime.InteropServices;

namespace Plugboard.Linux.LibC;

/// <summary>sys/signalfd.h: signals that are read instead of caught.</summary>
internal static unsafe partial class Signal
{
    public const int SFD_CLOEXEC = 0x80000;

    /// <summary>sizeof(sigset_t); the kernel's own is the first eight bytes.</summary>
    public static int SetSize => 128;

    [LibraryImport("libc", EntryPoint = "signalfd", SetLastError = true)]
    public static partial int SignalFd(int fd, byte* set, int flags);
}
