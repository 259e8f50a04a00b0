using System.Runtime.InteropServices;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux.Sockets;

/// <summary>Waits for several sockets at once, by poll(2). Filled for each wait.</summary>
public sealed unsafe class SocketPoll
{
    private Process.PollFd[] entries = new Process.PollFd[16];
    private int count;

    /// <summary>Forgets all.</summary>
    public void Clear() => count = 0;

    /// <summary>Waits for a socket to be readable or closed by its other end, or to have room; its place is the result.</summary>
    public int Add(SafeHandle socket, bool isForWriting = false)
    {
        if (count == entries.Length)
            Array.Resize(ref entries, 2 * count);
        entries[count] = new Process.PollFd { Fd = (int)socket.DangerousGetHandle(), Events = isForWriting ? POLLOUT : POLLIN };
        return count++;
    }

    /// <summary>True if what was waited for at a place has happened, an error included.</summary>
    public bool IsReady(int place) => entries[place].Revents != 0;

    /// <summary>Waits until one is ready; false if the time passed first, or a signal came.</summary>
    /// <param name="milliseconds">At most so long; negative: without end.</param>
    public bool Wait(long milliseconds)
    {
        fixed (Process.PollFd* first = entries)
        {
            var ready = Process.Poll(first, (nuint)count, (int)Math.Clamp(milliseconds, -1, int.MaxValue));
            if (ready >= 0)
                return ready > 0;
        }

        if (Marshal.GetLastPInvokeError() != (int)Errno.EINTR)
            throw ErrnoException.Last("poll", "sockets");
        for (var i = 0; i < count; i++)
            entries[i].Revents = 0;
        return false;
    }
}
