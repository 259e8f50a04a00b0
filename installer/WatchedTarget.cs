using Plugboard.Install;
using Plugboard.Linux.Files;

namespace Plugboard.Installer;

/// <summary>A target that <c>--wait</c> repairs: its last good status, and how often other programs changed it lately.</summary>
/// <param name="target">The target.</param>
/// <param name="digest">The digest of the file that must be there.</param>
internal sealed class WatchedTarget(InstallTarget target, string digest)
{
    private static readonly TimeSpan longestPause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan quiet = TimeSpan.FromMinutes(10);

    private int repairs;
    private DateTimeOffset last;

    public InstallTarget Target { get; } = target;

    /// <summary>What is to stand there.</summary>
    public string Digest { get; } = digest;

    /// <summary>The status of the file whose content was found right; null until it was read, and after each repair.</summary>
    public FileStatus? Right { get; set; }

    /// <summary>Another run of the installer replaced it: it is no longer repaired.</summary>
    public bool IsReleased { get; set; }

    /// <summary>Not to be repaired before this.</summary>
    public DateTimeOffset NotBefore { get; private set; }

    /// <summary>
    /// The pause before the next repair: none after a quiet time, then 1, 2, 4… seconds, so that two programs that both insist do not
    /// occupy the node.
    /// </summary>
    public TimeSpan Count(DateTimeOffset now)
    {
        repairs = now - last > quiet ? 1 : repairs + 1;
        last = now;
        // The first repair is at once, and so is the second: one change often comes in two steps.
        var pause = repairs < 2 ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Min(Math.Pow(2, repairs - 2), longestPause.TotalSeconds));
        NotBefore = now + pause;
        return pause;
    }
}
