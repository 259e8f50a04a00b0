using System.Globalization;
using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Sockets;

namespace Plugboard.Dhcp.Daemon;

/// <summary><c>dhcp daemon</c> as a process: its flags, its socket, its pid file, its log, and its end.</summary>
internal static class DaemonProcess
{
    private const uint SocketMode = 0b110_110_000;
    private const uint PidFileMode = 0b110_100_100;
    private const uint SocketDirectoryMode = 0b111_000_000;
    private const int FirstPassedDescriptor = 3;
    private const int UsageError = 2;

    /// <summary>Serves until a signal ends it, and returns the exit code.</summary>
    public static int Run(IReadOnlyList<string> flags)
    {
        if (DaemonOptions.Parse(flags, out var fault) is not { } options)
        {
            StandardError.WriteLine($"dhcp daemon: {fault}; dhcp daemon -help lists the flags");
            return UsageError;
        }

        if (options.WantsHelp)
        {
            StandardError.Write(Encoding.UTF8.GetBytes(DaemonOptions.Help));
            return 0;
        }

        try
        {
            OwnProcess.TakeClosedStreams();
            OwnProcess.OutliveFileSizeLimit();
            Serve(options);
            return 0;
        }
        catch (Exception e) when (e is ErrnoException or DaemonException)
        {
            StandardError.WriteLine($"dhcp daemon: {e.Message}");
            return 1;
        }
    }

    private static void Serve(DaemonOptions options)
    {
        using var signals = EndSignals.Block();
        var passed = FindPassed();
        var socketPath = passed is { Path.Length: > 0 } ? passed.Path : new HostPaths(options.HostPrefix).Find(options.SocketPath);
        var files = LeaseFiles.Of(socketPath);
        // Before anything that a daemon at work would notice.
        using var held = files.TryLock() ?? throw new DaemonException($"another daemon holds the leases in {files.Directory}");
        using var listener = passed ?? Listen(socketPath);
        var listening = FileDescriptor.FindStatus(socketPath);
        try
        {
            WritePidFile(options.PidFile);
            var leases = new LeaseTable(options, files, StandardError.WriteLine);
            leases.Adopt();
            using var daemon = new DhcpDaemon(listener, leases, StandardError.WriteLine);
            StandardError.WriteLine($"dhcp daemon: serving on {listener.Path}");
            daemon.Run(signals);
        }
        finally
        {
            // A socket that systemd passed is systemd's, and another one at the path is another daemon's.
            if (passed is null && listening is { } own && FileDescriptor.FindStatus(socketPath) is { } now && now.IsSameFile(own))
                Remove(socketPath);
            RemovePidFile(options.PidFile);
        }
    }

    // sd_listen_fds(3): the variables are of the process that LISTEN_PID names.
    private static UnixSocket? FindPassed()
    {
        var count = Environment.GetEnvironmentVariable("LISTEN_FDS");
        var process = Environment.GetEnvironmentVariable("LISTEN_PID");
        if (string.IsNullOrEmpty(count) || process != Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
            return null;
        return count switch
        {
            "0" => null,
            "1" => UnixSocket.Inherit(FirstPassedDescriptor),
            _ => throw new DaemonException($"Too many ({count}) FDs passed through socket activation"),
        };
    }

    private static UnixSocket Listen(string path)
    {
        FileDirectory.Ensure(Path.GetDirectoryName(path) is { Length: > 0 } directory ? directory : ".", SocketDirectoryMode).Dispose();
        try
        {
            return UnixSocket.Listen(path, SocketMode);
        }
        catch (ErrnoException e) when (e.Errno == Errno.EADDRINUSE)
        {
            using var other = UnixSocket.TryConnect(path, out var errno);
            if (other is not null)
                throw new DaemonException($"another daemon listens on {path}");
            // What a killed daemon left. Anything but a socket is not ours to remove: it is no socket to connect to either.
            if (errno != Errno.ECONNREFUSED || FileDescriptor.FindStatus(path) is not { Type: FileType.Socket })
                throw;
            Remove(path);
            return UnixSocket.Listen(path, SocketMode);
        }
    }

    private static void WritePidFile(string path)
    {
        if (path.Length == 0)
            return;
        if (path[0] != '/')
            throw new DaemonException($"Error writing pidfile \"{path}\": path not absolute");
        using var directory = FileDirectory.Ensure(Path.GetDirectoryName(path) ?? "/", FileModes.Directory);
        directory.Replace(Path.GetFileName(path), OwnId, PidFileMode);
    }

    private static byte[] OwnId => Encoding.ASCII.GetBytes($"{Environment.ProcessId}");

    private static void RemovePidFile(string path)
    {
        var content = new byte[OwnId.Length + 1];
        using var directory = path.Length > 0 && path[0] == '/' ? FileDirectory.Find(Path.GetDirectoryName(path) ?? "/") : null;
        var length = directory?.FindContent(Path.GetFileName(path), content) ?? -1;
        if (length > 0 && content.AsSpan(0, length).SequenceEqual(OwnId))
            directory!.Remove(Path.GetFileName(path));
    }

    private static void Remove(string path)
    {
        if (path.Length == 0 || Path.GetDirectoryName(path) is not { Length: > 0 } parent)
            return;
        using var directory = FileDirectory.Find(parent);
        directory?.Remove(Path.GetFileName(path));
    }
}

/// <summary>Why the daemon cannot serve.</summary>
internal sealed class DaemonException(string message) : Exception(message);
