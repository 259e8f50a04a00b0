using System.Runtime.InteropServices;
using Xunit;

namespace Plugboard.Testing;

/// <summary>How long things take, on a machine that does much else at the same time.</summary>
public static partial class Timing
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>The processor time of the calling thread, in user mode and in the kernel, since it started.</summary>
    public static TimeSpan ProcessorTime()
    {
        const int ThreadClock = 3; // CLOCK_THREAD_CPUTIME_ID
        _ = clock_gettime(ThreadClock, out var time);
        return TimeSpan.FromTicks((time.Seconds * TimeSpan.TicksPerSecond) + (time.Nanoseconds / 100));
    }

    /// <summary>The processor time that work takes on the calling thread.</summary>
    public static TimeSpan ProcessorTime(Action work)
    {
        var began = ProcessorTime();
        work();
        return ProcessorTime() - began;
    }

    /// <summary>
    /// Tries until one try takes no longer than the bound; fails if none does in half a minute. Others who use the machine make a try
    /// slower, never faster: one that is fast enough proves that nothing has to be waited for.
    /// </summary>
    /// <param name="bound">The longest.</param>
    /// <param name="attempt">Tries once and says how long it took.</param>
    public static void Within(TimeSpan bound, Func<TimeSpan> attempt)
    {
        var began = TimeProvider.System.GetTimestamp();
        var best = attempt();
        while (best > bound && TimeProvider.System.GetElapsedTime(began) < Patience)
        {
            var next = attempt();
            best = next < best ? next : best;
        }

        Assert.InRange(best, TimeSpan.Zero, bound);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int clock_gettime(int clock, out Clock time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Clock
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
