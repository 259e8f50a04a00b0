using System.Runtime.InteropServices;
using System.Text;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux.Files;

/// <summary>
/// Reports when a file may have changed, come or gone: written in place, moved over, or reached by symbolic links that are exchanged, as
/// kubelet does with a ConfigMap (<c>..data</c>). It watches the directories that the path and its links lead through, not the file, which
/// is another one after each exchange. It reports too often rather than too rarely; the callback must look. A file that a program writes
/// in place is reported when the program has closed it, or has paused for <see cref="Settling"/>. While a directory cannot be watched, the
/// callback is called every <see cref="Polling"/>. Source: inotify(7).
/// </summary>
public sealed unsafe class PathWatch : IDisposable
{
    // path_resolution(7): the kernel follows no more.
    private const int MostLinks = 40;

    /// <summary>How long a program that has the file open must not have written, for its content to count.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a content that is written without a pause does not count.</summary>
    public static readonly TimeSpan LongestWriting = TimeSpan.FromSeconds(10);

    /// <summary>How often the callback is called while the user has no more watches (<c>fs.inotify.max_user_watches</c>).</summary>
    public static readonly TimeSpan Polling = TimeSpan.FromSeconds(3);

    private const long Never = -1;

    private readonly string path;
    private readonly Action changed;
    private readonly FileWatch watch;
    private readonly StopSignal stop;
    private readonly Thread thread;
    private readonly HashSet<string> names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> watches = new(StringComparer.Ordinal);

    // Milliseconds of the system's clock that only goes on.
    private long writingSince = Never;
    private long writtenAt = Never;
    private long followedAt;
    private bool isBlind;

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

    /// <summary>
    /// True while a program writes the file in place: what is read of it now may be a part. The callback is called when this ends. For any
    /// thread.
    /// </summary>
    public bool IsBeingWritten => Volatile.Read(ref writtenAt) is not Never and var at && Environment.TickCount64 < EndOf(at);

    private long EndOf(long lastWrite) =>
        Math.Min(lastWrite + (long)Settling.TotalMilliseconds, Volatile.Read(ref writingSince) + (long)LongestWriting.TotalMilliseconds);

    private void Run()
    {
        while (Wait(NextWait()))
        {
            // All that are there at once: one exchange is several events. One without a name is of a directory itself, or says that some
            // were lost.
            var events = watch.ReadEvents().Where(each => each.Name.Length == 0 || names.Contains(each.Name)).ToList();
            var wasWriting = writtenAt != Never;
            foreach (var mask in events.Select(static each => each.Mask))
                Note(mask);
            if (events.Count == 0 && (wasWriting ? IsBeingWritten : !IsPollDue()))
                continue;
            if (events.Count == 0)
                Volatile.Write(ref writtenAt, Never);
            Follow();
            if (!IsBeingWritten)
                changed();
        }
    }

    // A new file is written or not; a change of its owner says nothing of its content.
    private void Note(uint mask)
    {
        if ((mask & INotify.IN_MODIFY) != 0)
        {
            if (writtenAt == Never)
                Volatile.Write(ref writingSince, Environment.TickCount64);
            Volatile.Write(ref writtenAt, Environment.TickCount64);
        }
        else if ((mask & (INotify.IN_ATTRIB | INotify.IN_CREATE)) == 0)
        {
            Volatile.Write(ref writtenAt, Never);
        }
    }

    private bool IsPollDue() => isBlind && Environment.TickCount64 >= followedAt + (long)Polling.TotalMilliseconds;

    // Milliseconds; -1: until an event.
    private int NextWait()
    {
        var end =
            writtenAt != Never ? EndOf(writtenAt)
            : isBlind ? followedAt + (long)Polling.TotalMilliseconds
            : Never;
        return end == Never ? -1 : (int)Math.Max(0, end - Environment.TickCount64);
    }

    private bool Wait(int milliseconds)
    {
        var polls = stackalloc Process.PollFd[2];
        polls[0] = new Process.PollFd { Fd = watch.Descriptor.Number, Events = POLLIN };
        polls[1] = new Process.PollFd { Fd = stop.Number, Events = POLLIN };
        while (Process.Poll(polls, 2, milliseconds) < 0)
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
        isBlind = false;
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

        followedAt = Environment.TickCount64;
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
            // What is missing, or no directory, is reported by its parent.
            isBlind |= (Errno)Marshal.GetLastPInvokeError() is not (Errno.ENOENT or Errno.ENOTDIR);
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
