using System.Runtime.InteropServices;

namespace Plugboard.Linux.LibC;

/// <summary>sys/signalfd.h, signal.h: signals that are read instead of caught, or ignored.</summary>
internal static unsafe partial class Signal
{
    public const int SFD_CLOEXEC = 0x80000;

    /// <summary>sizeof(sigset_t); the kernel's own is the first eight bytes.</summary>
    public static int SetSize => 128;

    public const int SIGXFSZ = 25;
    public const nint SIG_IGN = 1;

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    public static partial nint Set(int signal, nint handler);

    [LibraryImport("libc", EntryPoint = "signalfd", SetLastError = true)]
    public static partial int SignalFd(int fd, byte* set, int flags);
}
