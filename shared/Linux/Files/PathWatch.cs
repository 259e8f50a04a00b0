using System.Runtime.InteropServices;
using System.Text;
using Plugboard.Linux.LibC;
using Plugboard.Linux.Sockets;

namespace Plugboard.Linux.Files;

/// <summary>
/// Tells when a file may have changed, come or gone, by whichever of the ways there are: written in place, moved over, or reached by symbolic links that are exchanged, as kubelet does
/// with a ConfigMap (<c>..data</c>). Watched are the directories that the path and its links lead through, not the file: that one is another after each exchange.
/// It tells too often rather than too rarely; whoever is told looks. Source: inotify(7).
/// </summary>
public sealed unsafe class PathWatch : IDisposable
{
    // path_resolution(7): the kernel follows no more.
    private const int MostLinks = 40;

    private const uint Events = INotify.IN_MODIFY | INotify.IN_ATTRIB | INotify.IN_CLOSE_WRITE | INotify.IN_MOVED_FROM | INotify.IN_MOVED_TO | INotify.IN_CREATE | INotify.IN_DELETE
        | INotify.IN_DELETE_SELF | INotify.IN_MOVE_SELF | INotify.IN_ONLYDIR;

    private readonly string path;
    private readonly Action changed;
    private readonly FileDescriptor events;
    private readonly StopSignal stop;
    private readonly Thread thread;
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> watches = new(StringComparer.Ordinal);

    private PathWatch(string path, Action changed, FileDescriptor events)
    {
        this.path = path;
        this.changed = changed;
        this.events = events;
        stop = StopSignal.Create();
        thread = new Thread(Run) { IsBackground = true, Name = $"watch {path}" };
    }

    /// <summary>Watches a path from now on: what changes after the return is told.</summary>
    /// <param name="path">An absolute path; neither it nor its directories need be there.</param>
    /// <param name="changed">Called on a thread of the watch's own, not while it is called already; it must not throw.</param>
    /// <exception cref="ErrnoException">EMFILE: no more watches or files can be had (fs.inotify.max_user_instances).</exception>
    public static PathWatch Start(string path, Action changed)
    {
        var fd = INotify.Init(INotify.IN_CLOEXEC | INotify.IN_NONBLOCK);
        if (fd < 0)
            throw ErrnoException.Last("inotify_init1", path);
        var watch = new PathWatch(path, changed, new FileDescriptor(fd, "inotify"));
        watch.Follow();
        watch.thread.Start();
        return watch;
    }

    private void Run()
    {
        var buffer = new byte[16 * 1024];
        while (Wait())
        {
            if (!TakeAll(buffer))
                continue;
            Follow();
            changed();
        }
    }

    // All that are there at once: one exchange is several events.
    private bool TakeAll(byte[] buffer)
    {
        var concerns = false;
        fixed (byte* start = buffer)
        {
            while ((int)LibC.File.Read(events.Number, start, (nuint)buffer.Length) is var length and > 0)
                concerns |= ConcernsPath(buffer.AsSpan(0, length));
        }

        return concerns;
    }

    // struct inotify_event: the watch, the mask, a cookie, the name's length, the name. An event without one is of a directory itself, or says that some were lost.
    private bool ConcernsPath(ReadOnlySpan<byte> read)
    {
        const int Head = 16;
        while (read.Length >= Head)
        {
            var length = BitConverter.ToInt32(read[12..]);
            var name = Encoding.UTF8.GetString(read.Slice(Head, length).TrimEnd((byte)0));
            if (name.Length == 0 || names.Contains(name))
                return true;
            read = read[(Head + length)..];
        }

        return false;
    }

    private bool Wait()
    {
        var polls = stackalloc Process.PollFd[2];
        polls[0] = new Process.PollFd { Fd = events.Number, Events = Process.POLLIN };
        polls[1] = new Process.PollFd { Fd = stop.Number, Events = Process.POLLIN };
        while (Process.Poll(polls, 2, -1) < 0)
        {
            if ((Errno)Marshal.GetLastPInvokeError() != Errno.EINTR)
                throw ErrnoException.Last("poll", path);
        }

        return polls[1].Revents == 0;
    }

    // A watch is put before what it watches is looked at: nothing that happens in between is missed.
    private void Follow()
    {
        var wanted = new HashSet<string>(StringComparer.Ordinal);
        names.Clear();
        var place = path;
        for (var links = 0; links < MostLinks; links++)
        {
            if (FollowOnce(place, wanted) is not { } next)
                break;
            place = next;
        }

        foreach (var (directory, watch) in watches.Where(watch => !wanted.Contains(watch.Key)).ToList())
        {
            // EINVAL: the directory is gone and the watch with it.
            _ = INotify.RemoveWatch(events.Number, watch);
            watches.Remove(directory);
        }
    }

    // From the root to the file, up to the first link: where that leads, or null.
    private string? FollowOnce(string place, HashSet<string> wanted)
    {
        var parts = place.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var directory = "";
        for (var i = 0; i < parts.Length; i++)
        {
            // The directory before the first that is missing tells when that comes; a directory's own name lies in the one above.
            if (!TryWatch(directory.Length == 0 ? "/" : directory, wanted))
                return null;
            names.Add(parts[i]);
            var entry = $"{directory}/{parts[i]}";
            if (FindLink(entry) is { } target)
                return string.Join('/', [Path.GetFullPath(target, directory.Length == 0 ? "/" : directory), .. parts[(i + 1)..]]);
            directory = entry;
        }

        return null;
    }

    // Again for each round: under a known path there may be another directory by now. The kernel knows one that is watched already and gives its number.
    private bool TryWatch(string directory, HashSet<string> wanted)
    {
        wanted.Add(directory);
        var watch = INotify.AddWatch(events.Number, directory, Events);
        if (watch < 0)
        {
            wanted.Remove(directory);
            return false;
        }

        watches[directory] = watch;
        return true;
    }

    private static string? FindLink(string entry)
    {
        const int Longest = 4096;
        var buffer = stackalloc byte[Longest];
        var length = (int)LibC.File.ReadLinkAt(LibC.File.AT_FDCWD, entry, buffer, Longest);
        return length <= 0 ? null : Encoding.UTF8.GetString(buffer, length);
    }

    /// <summary>Ends it; when it returns nobody is told any more. Not from the callback.</summary>
    public void Dispose()
    {
        stop.Give();
        thread.Join();
        stop.Dispose();
        events.Dispose();
    }
}
