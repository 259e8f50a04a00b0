using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes;

/// <summary>What calls that were killed have left, besides the volumes themselves.</summary>
public static class Leftovers
{
    /// <summary>
    /// Removes what a killed call for a target had created: its lock's file, and the directory if nothing is mounted on it.
    /// </summary>
    /// <param name="target">The directory to mount on.</param>
    /// <param name="policy">The policy of the locks.</param>
    /// <param name="removeDirectory">Whether the directory was the call's own; one that is not empty stays.</param>
    /// <exception cref="VolumeException">Another call works on it.</exception>
    public static void Forget(string target, VolumePolicy policy, bool removeDirectory)
    {
        using var alone = PathLock.Take(policy with { LockTimeout = TimeSpan.Zero }, target);
        if (removeDirectory && MountTable.ReadAt(target).Entries.Count == 0)
            _ = FileDirectory.TryRemoveDirectory(target);
    }

    /// <summary>The files of unused locks; they are removed unless <paramref name="isDry"/>.</summary>
    public static IReadOnlyList<string> FreeLocks(VolumePolicy policy, bool isDry) => PathLock.Free(policy, isDry);

    /// <summary>Unmounts a volume whose pod is gone, if no file of it is open, and removes its empty directory.</summary>
    /// <exception cref="VolumeException">It is busy, its directory holds something, or a call works on it.</exception>
    public static void Unpublish(string target, VolumePolicy policy)
    {
        using var locked = VolumeTarget.Lock(target, policy with { LockTimeout = TimeSpan.Zero });
        locked.Unpublish();
    }
}
