using System.Runtime.InteropServices;

namespace Plugboard.Linux;

/// <summary>
/// The time since the machine was started, which no administrator sets and which goes on while the machine sleeps: the same for all
/// processes until the next boot. Source: clock_gettime(2), CLOCK_BOOTTIME.
/// </summary>
public static unsafe partial class BootClock
{
    private const int CLOCK_BOOTTIME = 7;

    /// <summary>Milliseconds since the machine was started.</summary>
    public static long Milliseconds
    {
        get
        {
            TimeSpec now;
            return ClockGetTime(CLOCK_BOOTTIME, &now) == 0
                ? now.Seconds * 1000 + now.Nanoseconds / 1_000_000
                : throw ErrnoException.Last("clock_gettime", "CLOCK_BOOTTIME");
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    private static partial int ClockGetTime(int clock, TimeSpec* time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
