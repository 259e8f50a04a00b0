namespace Plugboard.Linux.Sockets;

/// <summary>Datagrams to and from the kernel. The one seam below netlink: a test answers here in the kernel's place.</summary>
public interface IDatagramSocket : IDisposable
{
    /// <summary>
    /// The kernel's number of this socket (nlmsg_pid), unique in its namespace: notifications identify the author of a change by it.
    /// </summary>
    uint PortId { get; }

    /// <summary>Sends one datagram whole.</summary>
    /// <exception cref="ErrnoException">The kernel refused it: ENOBUFS, EMSGSIZE, EPERM.</exception>
    void Send(ReadOnlySpan<byte> datagram);

    /// <summary>Makes room for so many bytes of answers that come before the first is received, as the kernel counts them.</summary>
    void MakeRoom(int bytes);

    /// <summary>
    /// Waits for a datagram and returns its length in bytes. A buffer that is too short is replaced by a longer one, so nothing is ever cut
    /// off.
    /// </summary>
    /// <exception cref="ErrnoException">ENOBUFS: the kernel dropped messages because they were not read fast enough.</exception>
    int Receive(ref byte[] buffer);

    /// <summary>
    /// True as soon as there is something to receive, an error included; false when <paramref name="timeout"/> passes first or
    /// <paramref name="stop"/> is given.
    /// </summary>
    bool WaitForInput(TimeSpan timeout, StopSignal? stop = null);
}
