using System.Runtime.InteropServices;

namespace Plugboard.Linux;

/// <summary>Ends waits on other threads, those to come too: given once, it stays. Source: eventfd(2).</summary>
public sealed unsafe class StopSignal : SafeHandle
{
    private const string Subject = "stop signal";

    private volatile bool given;

    private StopSignal(int fd)
        : base(-1, ownsHandle: true) => SetHandle(fd);

    /// <inheritdoc/>
    public override bool IsInvalid => handle < 0;

    /// <summary>True once it was given.</summary>
    public bool IsGiven => given;

    internal int Number => IsClosed ? throw new ObjectDisposedException(Subject) : (int)handle;

    /// <summary>Creates a signal that is not set.</summary>
    /// <exception cref="ErrnoException">EMFILE: no more files can be opened.</exception>
    public static StopSignal Create()
    {
        var fd = eventfd(0, O_CLOEXEC | O_NONBLOCK);
        return fd < 0 ? throw ErrnoException.Last("eventfd", Subject) : new StopSignal(fd);
    }

    /// <summary>Ends every wait that heeds it. Any thread may call it, as often as it likes, until it is disposed of.</summary>
    public void Give()
    {
        given = true;
        // A number above 0 makes it readable, and it is never read. EAGAIN after 2^64 calls: it is readable all the same.
        var one = 1L;
        _ = write(Number, (byte*)&one, sizeof(long));
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => close((int)handle) == 0;
}
