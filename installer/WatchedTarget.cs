using Plugboard.Install;
using Plugboard.Linux.Files;

namespace Plugboard.Installer;

/// <summary>A target that <c>--wait</c> keeps: how it was when it was right, and how often others changed it lately.</summary>
/// <param name="target">The target.</param>
/// <param name="digest">What is to stand there.</param>
internal sealed class WatchedTarget(InstallTarget target, string digest)
{
    private static readonly TimeSpan longestPause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan quiet = TimeSpan.FromMinutes(10);

    private int repairs;
    private DateTimeOffset last;

    public InstallTarget Target { get; } = target;

    /// <summary>What is to stand there.</summary>
    public string Digest { get; } = digest;

    /// <summary>The file as it was when it was last seen to be right; null where it never was.</summary>
    public FileStatus? Right { get; set; }

    /// <summary>Another run of the installer decided otherwise: it is nobody's to keep any more.</summary>
    public bool IsReleased { get; set; }

    /// <summary>Not to be repaired before this.</summary>
    public DateTimeOffset NotBefore { get; private set; }

    /// <summary>
    /// The pause after which it is repaired next time: none after a quiet time, then 1, 2, 4… seconds, so that two who both insist do not
    /// fill the node.
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
