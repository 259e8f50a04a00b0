using System.Runtime.InteropServices;
using System.Text;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux.Files;

/// <summary>
/// Reports when a file may have changed, come or gone: written in place, moved over, or reached by symbolic links that are exchanged, as
/// kubelet does with a ConfigMap (<c>..data</c>). It watches the directories that the path and its links lead through, not the file, which
/// is another one after each exchange. It reports too often rather than too rarely; the callback must look. Source: inotify(7).
/// </summary>
public sealed unsafe class PathWatch : IDisposable
{
    // path_resolution(7): the kernel follows no more.
    private const int MostLinks = 40;

    private readonly string path;
    private readonly Action changed;
    private readonly FileWatch watch;
    private readonly StopSignal stop;
    private readonly Thread thread;
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> watches = new(StringComparer.Ordinal);

    private PathWatch(string path, Action changed, FileWatch watch)
    {
        this.path = path;
        this.changed = changed;
        this.watch = watch;
        stop = StopSignal.Create();
        thread = new Thread(Run) { IsBackground = true, Name = $"watch {path}" };
    }

    /// <summary>Watches a path: changes after the return are reported.</summary>
    /// <param name="path">An absolute path; the file and its directories may be missing.</param>
    /// <param name="changed">Called on a thread of the watch's own, not while it is called already; it must not throw.</param>
    /// <exception cref="ErrnoException">EMFILE: no more watches or files can be had (fs.inotify.max_user_instances).</exception>
    public static PathWatch Start(string path, Action changed)
    {
        var started = new PathWatch(path, changed, FileWatch.Open());
        started.Follow();
        started.thread.Start();
        return started;
    }

    private void Run()
    {
        while (Wait())
        {
            // All that are there at once: one exchange is several events. One without a name is of a directory itself, or says that some
            // were lost.
            if (!watch.Read().Any(name => name.Length == 0 || names.Contains(name)))
                continue;
            Follow();
            changed();
        }
    }

    private bool Wait()
    {
        var polls = stackalloc Process.PollFd[2];
        polls[0] = new Process.PollFd { Fd = watch.Descriptor.Number, Events = POLLIN };
        polls[1] = new Process.PollFd { Fd = stop.Number, Events = POLLIN };
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

        foreach (var (directory, number) in watches.Where(each => !wanted.Contains(each.Key)).ToList())
        {
            watch.Remove(number);
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
            // The parent of the first missing directory reports its creation; the name of a directory is in its parent.
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

    // Again for each round: under a known path there may be another directory by now. The kernel knows one that is watched already and
    // gives its number.
    private bool TryWatch(string directory, HashSet<string> wanted)
    {
        if (watch.TryAdd(directory, FileWatch.Events | INotify.IN_MODIFY) is not { } number)
        {
            wanted.Remove(directory);
            return false;
        }

        wanted.Add(directory);
        watches[directory] = number;
        return true;
    }

    private static string? FindLink(string entry)
    {
        const int Longest = 4096;
        var buffer = stackalloc byte[Longest];
        var length = (int)LibC.File.ReadLinkAt(AT_FDCWD, entry, buffer, Longest);
        return length <= 0 ? null : Encoding.UTF8.GetString(buffer, length);
    }

    /// <summary>Ends it; after the return there is no callback. Not from the callback.</summary>
    public void Dispose()
    {
        stop.Give();
        thread.Join();
        stop.Dispose();
        watch.Dispose();
    }
}
