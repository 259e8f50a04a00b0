using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Plugboard.Linux.Files;

namespace Plugboard.Linux.Mounts;

/// <summary>
/// Finds in /proc the processes that keep a mount busy: open files, working and root directories, in this mount namespace and in others
/// that the mount was propagated to. It opens nothing on the mount itself, so a dead server does not block it.
/// </summary>
public static class MountHolders
{
    /// <summary>The first holders of the mount on top of a directory, in the order of their process ids.</summary>
    /// <param name="target">The directory.</param>
    /// <param name="most">How many at most.</param>
    public static IReadOnlyList<MountHolder> Find(string target, int most)
    {
        var holders = new List<MountHolder>();
        if (MountTable.ReadAt(target).FindTop(target) is not { } mount)
            return holders;
        foreach (var pid in Processes())
        {
            if (holders.Count >= most)
                break;
            if (FindIn(pid, mount) is { } holder)
                holders.Add(holder);
        }

        return holders;
    }

    private static List<int> Processes()
    {
        var pids = new List<int>();
        using var proc = FileDirectory.Find("/proc");
        foreach (var name in proc?.ReadNames() ?? [])
        {
            if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
                pids.Add(pid);
        }

        pids.Sort();
        return pids;
    }

    private static MountHolder? FindIn(int pid, MountEntry mount)
    {
        try
        {
            // The same filesystem and directory: our mount, or the one that it is in that process's namespace.
            var places = MountTable.Find(pid)?.Entries.Where(entry => IsSame(entry, mount)).ToList();
            if (places is not { Count: > 0 })
                return null;
            using var process = FileDirectory.Find($"/proc/{pid}");
            return process is null ? null : FindDirectory(pid, process, places) ?? FindFile(pid, process, places);
        }
        catch (ErrnoException e) when (e.Errno is Errno.ESRCH or Errno.ENOENT or Errno.EACCES or Errno.EPERM)
        {
            // It ended meanwhile, or this process may not read it.
            return null;
        }
    }

    private static bool IsSame(MountEntry entry, MountEntry mount) =>
        entry.Major == mount.Major && entry.Minor == mount.Minor && entry.Root == mount.Root && entry.Type == mount.Type;

    private static MountHolder? FindDirectory(int pid, FileDirectory process, List<MountEntry> places)
    {
        foreach (var (link, what) in new[] { ("cwd", "works in *"), ("root", "has * as its root"), ("exe", "runs *") })
        {
            // Every process has a root of "/"; a mount on it is not a volume's.
            if (process.FindLinkTarget(link) is { } path && path != "/" && places.Exists(place => IsIn(path, place.Target)))
                return new MountHolder(pid, CommandOf(process), what, path);
        }

        return null;
    }

    private static bool IsIn(string path, string directory) =>
        path == directory || path.StartsWith(directory + "/", StringComparison.Ordinal);

    // fdinfo has the id of the mount that a file was opened on (Linux 3.15).
    private static MountHolder? FindFile(int pid, FileDirectory process, List<MountEntry> places)
    {
        using var numbers = FileDirectory.Find($"/proc/{pid}/fdinfo");
        foreach (var number in numbers?.ReadNames() ?? [])
        {
            using var info = numbers!.FindKernelFile(number);
            if (info is null || !TryMountId(info.ReadToEnd(), out var id) || !places.Exists(place => place.Id == id))
                continue;
            return new MountHolder(pid, CommandOf(process), "has * open", process.FindLinkTarget("fd/" + number) ?? "a file");
        }

        return null;
    }

    private static bool TryMountId(ReadOnlySpan<byte> info, out int id)
    {
        var at = info.IndexOf("mnt_id:\t"u8);
        id = 0;
        return at >= 0 && Utf8Parser.TryParse(info[(at + 8)..], out id, out _);
    }

    private static string CommandOf(FileDirectory process)
    {
        using var file = process.FindKernelFile("comm");
        return file is null ? "?" : Encoding.UTF8.GetString(file.ReadToEnd()).TrimEnd('\n');
    }
}
