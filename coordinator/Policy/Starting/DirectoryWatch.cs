using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Sockets;

namespace Plugboard.Coordinator.Policy.Starting;

/// <summary>Reports that any name in one directory came, went or was written; the callback must look. Source: inotify(7).</summary>
internal sealed class DirectoryWatch : IDisposable
{
    private readonly string path;
    private readonly Action changed;
    private readonly FileWatch watch = FileWatch.Open();
    private readonly StopSignal stop = StopSignal.Create();
    private readonly Thread thread;

    private DirectoryWatch(string path, Action changed)
    {
        this.path = path;
        this.changed = changed;
        thread = new Thread(Run) { IsBackground = true, Name = $"watch {path}" };
    }

    /// <summary>Watches a directory, which is made if it is missing.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="changed">Called on a thread of the watch's own; it must not throw.</param>
    /// <exception cref="ErrnoException">It cannot be made, or no more files can be watched.</exception>
    public static DirectoryWatch Start(string path, Action changed)
    {
        var started = new DirectoryWatch(path, changed);
        started.Add();
        started.thread.Start();
        return started;
    }

    private void Add()
    {
        using var directory = FileDirectory.Ensure(path, FileModes.Directory);
        watch.Add(directory);
    }

    private void Run()
    {
        var poll = new SocketPoll();
        while (true)
        {
            poll.Clear();
            poll.Add(watch.Descriptor);
            poll.Add(stop);
            poll.Wait(-1);
            if (stop.IsGiven)
                return;
            // One without a name is of the directory itself, which may be gone.
            if (watch.Read().Any(static name => name.Length == 0))
                TryAdd();
            changed();
        }
    }

    private void TryAdd()
    {
        try
        {
            Add();
        }
        catch (ErrnoException)
        {
            // The audit reads it all the same.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        stop.Give();
        thread.Join();
        stop.Dispose();
        watch.Dispose();
    }
}
