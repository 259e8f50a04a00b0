using Plugboard.Coordinator.Reconciling;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Coordinator.Files;

/// <summary>
/// Changes files one after the other: a file that cannot be changed is a problem with its remedy, and does not stop the others.
/// </summary>
internal sealed class FileChanges
{
    private readonly List<Change> changes = [];
    private readonly List<string> problems = [];

    /// <summary>What was changed.</summary>
    public IReadOnlyList<Change> Changes => changes;

    /// <summary>The failed changes, each with what to do.</summary>
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
                    + $"{RemedyFor(e, path)}"
            );
            return false;
        }
    }

    private static string RemedyFor(ErrnoException e, string path) =>
        e.Errno switch
        {
            Errno.ENOSPC or Errno.EDQUOT => $"{SpaceShortage.Remedy(e.Errno, path)}; the write is retried",
            Errno.EROFS => "mount its filesystem writable, or choose another path",
            Errno.EACCES or Errno.EPERM => "allow the coordinator to write there: check its user, the directory's mode, lsattr",
            Errno.ENOTDIR or Errno.EISDIR or Errno.ELOOP => $"a part of the path has the wrong type: {e.Subject}",
            Errno.EIO => "the kernel reports an I/O error: see dmesg",
            _ => $"failed call: {e.Call} {e.Subject}",
        };
}
