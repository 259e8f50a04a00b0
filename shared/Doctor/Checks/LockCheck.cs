using Plugboard.Doctor.Nodes;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;

namespace Plugboard.Doctor.Checks;

/// <summary>Locks that a process holds while other processes wait, or longer than any operation takes.</summary>
internal sealed class LockCheck : ICheck
{
    public string Name => "locks";

    public IEnumerable<Finding> Examine(Node node)
    {
        var held = HeldLock.Parse(ReadLocks());
        if (held.Count == 0)
            yield break;
        foreach (var path in Paths(node))
        {
            if (FileDescriptor.FindStatus(path) is not { } status)
                continue;
            foreach (
                var one in held.Where(one =>
                    one.Inode == status.Inode && one.IsExclusive && (one.Device == status.Device || HidesDevice(path))
                )
            )
                yield return Held(node.OnNode(path), one);
        }
    }

    // On some filesystems statx(2) reports another device than /proc/locks.
    private static bool HidesDevice(string path)
    {
        const long OverlayMagic = 0x794c7630;
        const long BtrfsMagic = 0x9123683e;
        using var file = FileDescriptor.OpenPath(path);
        return file.FilesystemType() is OverlayMagic or BtrfsMagic;
    }

    private static string ReadLocks()
    {
        using var locks = FileDescriptor.OpenKernelFile("/proc/locks");
        return System.Text.Encoding.ASCII.GetString(locks.ReadToEnd(int.MaxValue));
    }

    private static IEnumerable<string> Paths(Node node)
    {
        yield return node.Under("/run/xtables.lock");
        foreach (var directory in node.DataDirectories)
        {
            foreach (var network in LeaseFile.NetworksIn(directory))
                yield return $"{directory}/{network}/lock";
        }

        foreach (var locks in (string[])[node.Under("/run/flexvolume/locks"), node.Under(NamespaceLock.Directory)])
        {
            using var found = FileDirectory.Find(locks);
            foreach (var name in found?.ReadNames() ?? [])
                yield return $"{locks}/{name}";
        }
    }

    private static Finding Held(string path, HeldLock held) =>
        new(
            FindingIds.LockHeld,
            Severity.Warning,
            $"{path} is locked by process {held.Pid} ({held.Command}) and still was in a second examination; {held.Waiting} "
                + $"processes wait for it",
            "ADD, DEL and mounts that need it wait, and fail with \"try again\" at their limit",
            $"see what the process does (`cat /proc/{held.Pid}/stack`, `ls -l /proc/{held.Pid}/fd`); the lock ends with it"
        )
        {
            Subject = $"{path} {held.Pid}",
            MayPass = true,
        };
}
