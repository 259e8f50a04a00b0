using System.Globalization;
using Plugboard.Linux.Files;

namespace Plugboard.Volumes;

/// <summary>
/// Serialises the calls for one object: a flock on a file named after it, which ends with its holder in any case. The file is removed with
/// the lock; a waiter for a removed file starts again with the new one.
/// </summary>
internal sealed class PathLock : IDisposable
{
    private const int Attempts = 1000;
    private const uint DirectoryMode = 0x1c0;

    private readonly FileDirectory directory;
    private readonly string name;
    private readonly FileLock held;

    private PathLock(FileDirectory directory, string name, FileLock held)
    {
        this.directory = directory;
        this.name = name;
        this.held = held;
    }

    /// <summary>Takes the lock of <paramref name="thing"/> and waits as long as the policy says.</summary>
    /// <exception cref="VolumeException">Another process held it all the time; the message names the process.</exception>
    public static PathLock Take(VolumePolicy policy, string thing)
    {
        var timeout = policy.LockTimeout ?? policy.MountTimeout;
        var locks = FileDirectory.Ensure(policy.LockDirectory, DirectoryMode);
        var hash = Hash(thing).ToString("x16", CultureInfo.InvariantCulture);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                var file = locks.OpenOrCreate(hash, 0x180);
                var taken = FileLock.Take(file, timeout);
                if (locks.FindStatus(hash) is { } status && status.IsSameFile(file.Status()))
                    return new PathLock(locks, hash, taken);
                taken.Dispose();
                if (attempt == Attempts)
                    throw new VolumeException($"{thing}: other processes lock it all the time; try again");
            }
        }
        catch (FileLockTimeoutException e)
        {
            locks.Dispose();
            var holder = e.Holder is { } pid ? $"process {pid.ToString(CultureInfo.InvariantCulture)}" : "another call";
            throw new VolumeException(
                $"{thing}: {holder} still works on it after {timeout.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)} s; "
                    + "kubelet will retry",
                e
            );
        }
    }

    /// <summary>The files of unused locks, left by killed processes; they are removed unless <paramref name="isDry"/>.</summary>
    public static List<string> Free(VolumePolicy policy, bool isDry)
    {
        using var locks = FileDirectory.Find(policy.LockDirectory);
        var free = new List<string>();
        foreach (var each in locks?.ReadNames() ?? [])
        {
            using var file = locks!.FindRegular(each);
            using var taken = file is null ? null : FileLock.TryTake(file);
            // A file that was removed since may be another process's new one now.
            if (taken is null || locks.FindStatus(each) is not { } status || !status.IsSameFile(file!.Status()))
                continue;
            free.Add(each);
            if (!isDry)
                locks.Remove(each);
        }

        return free;
    }

    // FNV-1a: two things of one name would only wait for each other.
    private static ulong Hash(string text)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in text)
            hash = (hash ^ c) * 1099511628211UL;
        return hash;
    }

    public void Dispose()
    {
        directory.Remove(name);
        held.Dispose();
        directory.Dispose();
    }
}
