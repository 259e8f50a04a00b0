using System.Globalization;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;

namespace Plugboard.Coordinator.Cli;

/// <summary>
/// One coordinator per network namespace: two with different lists would undo each other's work. It is a flock(2) on a file that only root
/// can open, in a directory that only root can write; it ends with its holder however that ends. Source: docs/decisions/0030.
/// </summary>
internal sealed class InstanceLock : IDisposable
{
    /// <summary>Where the locks of all network namespaces are.</summary>
    public const string Directory = "/run/plugboard-coordinator";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnersDirectory = OwnerOnly | UnixFileMode.UserExecute;
    private const UnixFileMode Others =
        UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherWrite
        | UnixFileMode.OtherExecute;
    private const uint Root = 0;
    private const int Attempts = 10;

    private readonly FileLock held;

    private InstanceLock(FileLock held) => this.held = held;

    /// <summary>Takes the lock of the calling thread's network namespace; one that is ending is waited for.</summary>
    /// <param name="directory">Where the locks are.</param>
    /// <param name="patience">How long to wait.</param>
    /// <param name="log">Gets a line where something else was in the lock's place, or there can be no lock.</param>
    /// <returns>The lock; null where the directory cannot be made or written: a node without its coordinator is worse than one that might
    /// have two.</returns>
    /// <exception cref="SettingException">Another one runs, or the directory is not root's.</exception>
    public static InstanceLock? Take(string directory, TimeSpan patience, Action<string> log)
    {
        FileDescriptor file;
        try
        {
            file = OpenFile(directory, log);
        }
        catch (ErrnoException e)
        {
            log(
                $"{e.Message}: nothing keeps a second coordinator from starting in this network namespace; {directory} has to be a "
                    + "directory that can be written (in a pod: a volume of its own)"
            );
            return null;
        }

        try
        {
            return new InstanceLock(FileLock.Take(file, patience));
        }
        catch (FileLockTimeoutException e)
        {
            file.Dispose();
            var holder = e.Holder is { } process and > 0
                ? string.Create(CultureInfo.InvariantCulture, $"process {process}")
                : "a process of another container";
            throw new SettingException($"another coordinator runs in this network namespace: {holder} holds {e.Path}; end it first");
        }
    }

    private static FileDescriptor OpenFile(string path, Action<string> log)
    {
        using var directory = OpenDirectory(path);
        using var network = NetworkNamespace.OpenOwn();
        var name = string.Create(CultureInfo.InvariantCulture, $"net-{network.File.Status().Inode}.lock");
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if (directory.FindStatus(name) is { } found && !IsOwn(found))
            {
                log($"{path}/{name} was no file of root's alone: it is replaced");
                directory.Remove(name);
            }

            var file = directory.OpenOrCreate(name, (uint)OwnerOnly);
            if (directory.FindStatus(name) is { } now && now.IsSameFile(file.Status()) && IsOwn(now))
                return file;
            file.Dispose();
        }

        throw new SettingException($"{path}/{name} is replaced by something else again and again; only root can do that");
    }

    private static FileDirectory OpenDirectory(string path)
    {
        using (FileDirectory.Ensure(path, (uint)OwnersDirectory))
        {
            // It is there now, if it can be.
        }

        using (var parent = FileDirectory.Find(Path.GetDirectoryName(path)!)!)
        {
            if (parent.FindStatus(Path.GetFileName(path)) is not { IsDirectory: true } status || (OwnProcess.IsRoot && status.User != Root))
                throw new SettingException($"{path} has to be a directory of root's, and no link: remove it, it is made again");
            if ((status.Mode & (uint)Others) != 0)
            {
                // As the kubelet makes it.
                using var open = FileDescriptor.OpenDirectory(path);
                open.SetMode((uint)OwnersDirectory);
            }
        }

        return FileDirectory.Find(path) ?? throw new ErrnoException("open", path, Errno.ENOENT);
    }

    private static bool IsOwn(FileStatus file) =>
        file.IsRegular && (file.Mode & (uint)Others) == 0 && (!OwnProcess.IsRoot || file.User == Root);

    /// <summary>Lets it go; the file stays.</summary>
    public void Dispose() => held.Dispose();
}
