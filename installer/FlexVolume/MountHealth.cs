using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;
using Plugboard.Linux.Sockets;
using Plugboard.Volumes.Remote;

namespace Plugboard.Installer.FlexVolume;

/// <summary>
/// The state of mounts, within a deadline for all of them together. A call that may wait runs on its own thread, and one that does not
/// return is abandoned: it ends with the process, because the waits of NFS and SMB do. A daemon's filesystem (FUSE) is not accessed, as its
/// wait may not end; the kernel's list of its connections shows waiting requests.
/// </summary>
internal sealed class MountHealth
{
    private const string Well = "ok";
    private const int MostServers = 64;
    private static readonly TimeSpan time = TimeSpan.FromMilliseconds(60);

    private readonly MountServers finder = new();
    private readonly Dictionary<RemoteServer, string> servers = [];
    private readonly Dictionary<(uint Major, uint Minor), string> filesystems = [];

    /// <summary>Asks the servers of all these mounts, and each of their filesystems once.</summary>
    public static MountHealth Ask(IEnumerable<MountEntry> mounts)
    {
        var health = new MountHealth();
        var work = new Dictionary<RemoteServer, List<MountEntry>>();
        foreach (var mount in mounts)
        {
            var server = health.finder.Find(mount);
            var isNew =
                mount.IsRemote
                && health.filesystems.TryAdd(
                    (mount.Major, mount.Minor),
                    IsDaemons(mount) ? Well : "the server answers, but not for this volume"
                );
            if (!isNew || server is null || (!work.ContainsKey(server) && work.Count == MostServers))
                continue;
            health.servers[server] = "server does not answer";
            if (!work.TryGetValue(server, out var list))
                work.Add(server, list = []);
            list.Add(mount);
        }

        health.Run(work);
        return health;
    }

    /// <summary><c>ok</c>, or what is wrong.</summary>
    public string StateOf(MountEntry mount)
    {
        if (mount.Root.EndsWith("//deleted", StringComparison.Ordinal))
            return "directory removed";
        if (IsDaemons(mount))
            return StateOfDaemon(mount);
        if (!mount.IsRemote)
            return StateOfDisk(mount);
        // Threads that were left may still write.
        lock (servers)
        {
            if (finder.Find(mount) is not { } server || !servers.TryGetValue(server, out var state))
                return Well;
            return state == Well ? filesystems[(mount.Major, mount.Minor)] : state;
        }
    }

    private void Run(Dictionary<RemoteServer, List<MountEntry>> work)
    {
        var threads = new List<Thread>();
        foreach (var (server, mounts) in work)
        {
            threads.Add(new Thread(() => AskServer(server)) { IsBackground = true });
            threads.Add(new Thread(() => mounts.ForEach(Look)) { IsBackground = true });
        }

        threads.ForEach(static thread => thread.Start());
        var started = Environment.TickCount64;
        foreach (var thread in threads)
            thread.Join((int)Math.Max(0, time.TotalMilliseconds - (Environment.TickCount64 - started)));
    }

    private void AskServer(RemoteServer server)
    {
        var errno =
            server.IsTcp && IPAddr.TryParse(server.Name, out var address)
                ? InternetSocket.TryConnect(address, server.Port, time)
                : Errno.None;
        if (errno != Errno.None)
            return;
        lock (servers)
            servers[server] = Well;
    }

    private void Look(MountEntry mount)
    {
        var state = FileDescriptor.Look(mount.Target) switch
        {
            // EACCES: the server maps root to an unprivileged user, and answers.
            Errno.None or Errno.EACCES or Errno.EPERM => Well,
            Errno.ESTALE => "stale: the server no longer knows the directory",
            var errno => ErrnoException.Sentence(errno),
        };
        lock (servers)
            filesystems[(mount.Major, mount.Minor)] = state;
    }

    private static bool IsDaemons(MountEntry mount) => mount.Type.StartsWith("fuse", StringComparison.Ordinal);

    // A directory per connection, named by the device's minor number (fuse.rst): gone with the daemon; "waiting" counts what it has not
    // answered.
    private static string StateOfDaemon(MountEntry mount)
    {
        const string Connections = "/sys/fs/fuse/connections";
        using var file = FileDescriptor.FindKernelFile(string.Create(CultureInfo.InvariantCulture, $"{Connections}/{mount.Minor}/waiting"));
        if (file is not null)
            return file.ReadToEnd() is [(byte)'0', ..] ? Well : "daemon does not answer";
        using var all = FileDirectory.Find(Connections);
        return all is null || all.ReadNames().Count == 0 ? Well : "daemon is gone";
    }

    // A disk with errors is made read-only, or answers nothing more, while its mount looks as before.
    private static string StateOfDisk(MountEntry mount)
    {
        if (mount.Type is not ("ext4" or "xfs" or "btrfs"))
            return Well;
        if (!mount.IsReadOnly && (mount.SuperOptions == "ro" || mount.SuperOptions.StartsWith("ro,", StringComparison.Ordinal)))
            return "filesystem became read-only";
        var errno = FileDescriptor.Look(mount.Target);
        return errno is Errno.None or Errno.EACCES ? Well : ErrnoException.Sentence(errno);
    }
}
