using Plugboard.Coordinator.Engine;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Files;

/// <summary>
/// Changes files one after the other: one that cannot be changed is a problem with its remedy, and keeps no other from being changed.
/// </summary>
internal sealed class FileChanges
{
    private readonly List<Change> changes = [];
    private readonly List<string> problems = [];

    /// <summary>What was changed.</summary>
    public IReadOnlyList<Change> Changes => changes;

    /// <summary>What could not be, each with what to do.</summary>
    public IReadOnlyList<string> Problems => problems;

    /// <summary>Makes a change; false if the kernel refuses it, and the file stays as it was.</summary>
    /// <param name="verb">The change, for the log; null: not logged.</param>
    /// <param name="path">The file.</param>
    /// <param name="change">Makes the change if needed; true if it was.</param>
    public bool Try(ChangeVerb? verb, string path, Func<bool> change)
    {
        try
        {
            if (change() && verb is { } done)
                changes.Add(new Change(done, "file", path));
            return true;
        }
        catch (ErrnoException e)
        {
            problems.Add(
                $"file {path} cannot be {(verb == ChangeVerb.Delete ? "removed" : "written")}: {ErrnoException.Describe(e.Errno)}; "
                    + $"{RemedyFor(e)}"
            );
            return false;
        }
    }

    private static string RemedyFor(ErrnoException e) =>
        e.Errno switch
        {
            Errno.ENOSPC => "make room on its filesystem (df, df -i), it is written then",
            Errno.EDQUOT => "raise the quota, or make room within it",
            Errno.EROFS => "mount its filesystem writable, or name another place",
            Errno.EACCES or Errno.EPERM => "let the coordinator write there: its user, the directory's mode, lsattr",
            Errno.ENOTDIR or Errno.EISDIR or Errno.ELOOP => $"see what is there instead of a file or directory: {e.Subject}",
            Errno.EIO => "the disk fails: dmesg",
            _ => $"refused was {e.Call} {e.Subject}",
        };
}
