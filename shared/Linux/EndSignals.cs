using Plugboard.Linux.Files;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux;

/// <summary>
/// Waits for SIGTERM, SIGINT and SIGHUP by signalfd(2). The signals are blocked, so the first process of a container gets them too;
/// otherwise the kernel drops those whose default action ends it. Children get an empty mask (<see cref="Command"/>).
/// </summary>
public sealed unsafe class EndSignals : IDisposable
{
    private readonly FileDescriptor descriptor;

    private EndSignals(FileDescriptor descriptor) => this.descriptor = descriptor;

    /// <summary>Readable when one of them has come; for <see cref="Sockets.SocketPoll"/>.</summary>
    public FileDescriptor Descriptor => descriptor;

    /// <summary>Blocks them on this thread and those it starts. From now on the process ends when it says so.</summary>
    public static EndSignals Block()
    {
        var set = stackalloc byte[Signal.SetSize];
        new Span<byte>(set, Signal.SetSize).Clear();
        foreach (var signal in (ReadOnlySpan<int>)[SIGHUP, SIGINT, SIGTERM])
            set[(signal - 1) / 8] |= (byte)(1 << ((signal - 1) % 8));
        var errno = pthread_sigmask(SIG_BLOCK, (sigset_t*)set, null);
        if (errno != 0)
            throw new ErrnoException("pthread_sigmask", "this thread", (Errno)errno);
        var fd = Signal.SignalFd(-1, set, Signal.SFD_CLOEXEC);
        return fd >= 0 ? new EndSignals(new FileDescriptor(fd, "signalfd")) : throw ErrnoException.Last("signalfd", "this process");
    }

    /// <summary>Waits for one of them.</summary>
    public void Wait()
    {
        while (!Wait(null, Timeout.InfiniteTimeSpan, out _))
        {
            // Only a signal ends it.
        }
    }

    /// <summary>
    /// Waits for one of them, for <paramref name="other"/> to be readable, or for the time to pass. True if one of the signals came.
    /// </summary>
    public bool Wait(FileDescriptor? other, TimeSpan time, out bool isReadable)
    {
        var fds = stackalloc Process.PollFd[2];
        fds[0] = new Process.PollFd { Fd = descriptor.Number, Events = POLLIN };
        fds[1] = new Process.PollFd { Fd = other?.Number ?? -1, Events = POLLIN };
        var milliseconds = time == Timeout.InfiniteTimeSpan ? -1 : (int)Math.Clamp(Math.Ceiling(time.TotalMilliseconds), 0, int.MaxValue);
        // Where it is interrupted nothing is readable, and the caller looks and waits again.
        var count = Process.Poll(fds, 2, milliseconds);
        isReadable = count > 0 && fds[1].Revents != 0;
        return count > 0 && fds[0].Revents != 0;
    }

    /// <inheritdoc/>
    public void Dispose() => descriptor.Dispose();
}
