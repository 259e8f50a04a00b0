using Plugboard.Linux.Files;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux.Children;

/// <summary>
/// Listeners a child and catches what it says, whichever it wants first: poll(2), so neither side waits for the other for ever.
/// </summary>
internal sealed unsafe class ChildStreams(Pipe input, Pipe output, Pipe error, Command command)
{
    // pipe(7): poll(2) says POLLOUT where PIPE_BUF bytes can be written without waiting.
    private const int PipeBuf = 4096;

    private readonly ReadOnlyMemory<byte> feed = command.Input;
    private readonly ByteCollector outputBytes = new(command.OutputLimit);
    private readonly ByteCollector errorBytes = new(command.ErrorLimit);
    private int fed;

    /// <summary>What it said on standard output so far.</summary>
    public byte[] Output => outputBytes.ToArray();

    /// <summary>What it said on standard error so far.</summary>
    public byte[] Error => errorBytes.ToArray();

    /// <summary>True if it said more on standard output than it may.</summary>
    public bool Overflowed => outputBytes.Overflowed;

    /// <summary>True if both outputs came to their end.</summary>
    public bool Done => output.Reader.IsClosed && error.Reader.IsClosed;

    /// <summary>Runs until both outputs end, or the child said too much; false if the time was up before.</summary>
    public bool Pump()
    {
        var timeout = command.Timeout;
        var started = System.Environment.TickCount64;
        if (feed.IsEmpty)
            input.CloseWriter();
        while (!Done && !Overflowed)
        {
            var left = timeout is { } limit ? (long)limit.TotalMilliseconds - (System.Environment.TickCount64 - started) : -1;
            if (timeout is not null && left <= 0)
                return false;
            Turn((int)Math.Min(left, int.MaxValue));
        }

        return true;
    }

    private void Turn(int milliseconds)
    {
        var fds = stackalloc Process.PollFd[3];
        fds[0] = Ask(input.Writer, POLLOUT);
        fds[1] = Ask(output.Reader, POLLIN);
        fds[2] = Ask(error.Reader, POLLIN);
        if (Process.Poll(fds, 3, milliseconds) < 0)
        {
            var failure = ErrnoException.Last("poll", "pipe");
            if (failure.Errno != Errno.EINTR)
                throw failure;
            return;
        }

        if (fds[1].Revents != 0 && !outputBytes.ReadFrom(output.Reader))
            output.CloseReader();
        if (fds[2].Revents != 0 && !errorBytes.ReadFrom(error.Reader))
            error.CloseReader();
        if (fds[0].Revents != 0)
            Feed();
    }

    // poll(2) ignores an entry whose descriptor is negative.
    private static Process.PollFd Ask(FileDescriptor file, short events) =>
        new() { Fd = file.IsClosed ? -1 : file.Number, Events = events };

    private void Feed()
    {
        var rest = feed.Span[fed..];
        var part = rest[..Math.Min(rest.Length, PipeBuf)];
        try
        {
            input.Writer.Write(part);
            fed += part.Length;
        }
        catch (ErrnoException e) when (e.Errno == Errno.EPIPE)
        {
            // The child closed its input without reading all of it; its exit status says whether that was well.
            fed = feed.Length;
        }

        if (fed == feed.Length)
            input.CloseWriter();
    }
}
