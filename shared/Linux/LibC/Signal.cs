using System.Runtime.InteropServices;

namespace Plugboard.Linux.LibC;

/// <summary>signal.h and sys/signalfd.h: signals that are read instead of caught.</summary>
internal static unsafe partial class Signal
{
    public const int SIGHUP = 1;
    public const int SIGINT = 2;
    public const int SIGTERM = 15;
    public const int SIG_BLOCK = 0;
    public const int SFD_CLOEXEC = 0x80000;

    /// <summary>sizeof(sigset_t); the kernel's own is the first eight bytes.</summary>
    public static int SetSize => 128;

    [LibraryImport("libc", EntryPoint = "pthread_sigmask")]
    public static partial int SigMask(int how, byte* set, byte* old);

    [LibraryImport("libc", EntryPoint = "signalfd", SetLastError = true)]
    public static partial int SignalFd(int fd, byte* set, int flags);
}
