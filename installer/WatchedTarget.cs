using Plugboard.Install;
using Plugboard.Linux.Files;

namespace Plugboard.Installer;

/// <summary>A target that <c>--wait</c> repairs: its last good status, and how often other programs changed it lately.</summary>
/// <param name="target">The target.</param>
/// <param name="digest">The digest of the file that must be there.</param>
/// <param name="clock">The clock. What it counts is the time that passes: the node's time may be set meanwhile.</param>
internal sealed class WatchedTarget(InstallTarget target, string digest, TimeProvider clock)
{
    private static readonly TimeSpan longestPause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan quiet = TimeSpan.FromMinutes(10);

    private int repairs;
    private long last;
    private TimeSpan pause;

    public InstallTarget Target { get; } = target;

    /// <summary>What is to stand there.</summary>
    public string Digest { get; } = digest;

    /// <summary>The status of the file whose content was found right; null until it was read, and after each repair.</summary>
    public FileStatus? Right { get; set; }

    /// <summary>Another run of the installer replaced it: it is no longer repaired.</summary>
    public bool IsReleased { get; set; }

    /// <summary>The time until it may be repaired.</summary>
    public TimeSpan Left => pause - clock.GetElapsedTime(last) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>
    /// The pause before the next repair: none after a quiet time, then 1, 2, 4… seconds, so that two programs that both insist do not
    /// occupy the node.
    /// </summary>
    public TimeSpan Count()
    {
        repairs = clock.GetElapsedTime(last) > quiet ? 1 : repairs + 1;
        last = clock.GetTimestamp();
        // The first repair is at once, and so is the second: one change often comes in two steps.
        pause = repairs < 2 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(Math.Pow(2, repairs - 2), longestPause.TotalSeconds));
        return pause;
    }
}
