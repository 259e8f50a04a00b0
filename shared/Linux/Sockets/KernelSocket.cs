using System.Runtime.InteropServices;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux.Sockets;

/// <summary>
/// A netlink socket of the calling thread's network namespace, where it stays. It is connected to the kernel, so the kernel itself refuses
/// datagrams from other processes. Calls block and retry EINTR. Source: netlink(7), recv(2).
/// </summary>
public sealed unsafe class KernelSocket : SafeHandle, IDatagramSocket
{
    private const string Subject = "netlink socket";

    // net/netlink/af_netlink.c, netlink_dump: 32 KiB, or an entry that is longer. Its longest attribute has 64 KiB.
    private const int LongestTablePart = 64 * 1024;

    private KernelSocket(int fd)
        : base(-1, ownsHandle: true) => SetHandle(fd);

    /// <inheritdoc/>
    public override bool IsInvalid => handle < 0;

    /// <inheritdoc/>
    public uint PortId { get; private set; }

    private int Number => IsClosed ? throw new ObjectDisposedException(Subject) : (int)handle;

    /// <summary>Opens a socket with CLOEXEC and connects it to the kernel, which chooses its port.</summary>
    /// <param name="protocol">NETLINK_ROUTE is 0, NETLINK_NETFILTER 12.</param>
    /// <param name="groups">A bit for each of the first 32 multicast groups to join, as RTMGRP_LINK; 0 for none.</param>
    /// <exception cref="ErrnoException">EPROTONOSUPPORT if the kernel does not have the protocol, EMFILE, EPERM for a group.</exception>
    public static KernelSocket OpenNetlink(int protocol, uint groups = 0)
    {
        var fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
        if (fd < 0)
            throw ErrnoException.Last("socket", Subject);
        var opened = new KernelSocket(fd);
        try
        {
            opened.Connect(groups);
            return opened;
        }
        catch (ErrnoException)
        {
            opened.Dispose();
            throw;
        }
    }

    private void Connect(uint groups)
    {
        var address = new Socket.NetlinkAddress { Family = (ushort)AF_NETLINK, Groups = groups };
        socklen_t length = sizeof(Socket.NetlinkAddress);
        if (groups != 0 && bind(Number, (sockaddr*)&address, length) < 0)
            throw ErrnoException.Last("bind", Subject);
        address.Groups = 0;
        if (connect(Number, (sockaddr*)&address, length) < 0)
            throw ErrnoException.Last("connect", Subject);
        if (getsockname(Number, (sockaddr*)&address, &length) < 0)
            throw ErrnoException.Last("getsockname", Subject);
        PortId = address.Port;
    }

    /// <summary>Switches on an option of level SOL_NETLINK; false if the kernel is too old to know it (ENOPROTOOPT).</summary>
    public bool TryEnable(int option)
    {
        const int ENOPROTOOPT = 92;
        var one = 1;
        if (setsockopt(Number, SOL_NETLINK, option, &one, sizeof(int)) == 0)
            return true;
        return Marshal.GetLastPInvokeError() == ENOPROTOOPT ? false : throw ErrnoException.Last("setsockopt", Subject);
    }

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> datagram)
    {
        var enlarged = false;
        fixed (byte* p = datagram)
        {
            while (send(Number, p, datagram.Length, 0) < 0)
            {
                var errno = (Errno)Marshal.GetLastPInvokeError();
                if (errno == Errno.EMSGSIZE && !enlarged)
                {
                    // net/netlink/af_netlink.c, netlink_sendmsg: the whole datagram has to fit into the buffer, which has
                    // net.core.wmem_default bytes, with 32 more.
                    Enlarge(SO_SNDBUFFORCE, SO_SNDBUF, datagram.Length + 32);
                    enlarged = true;
                }
                else if (errno != Errno.EINTR)
                {
                    throw new ErrnoException("send", Subject, errno);
                }
            }
        }
    }

    /// <inheritdoc/>
    public void MakeRoom(int bytes) => Enlarge(SO_RCVBUFFORCE, SO_RCVBUF, bytes);

    // The kernel doubles the number. Only CAP_NET_ADMIN over the machine exceeds net.core.wmem_max; without it the socket gets the limit,
    // and a larger message fails.
    private void Enlarge(int force, int ask, int bytes)
    {
        if (setsockopt(Number, SOL_SOCKET, force, &bytes, sizeof(int)) < 0 && setsockopt(Number, SOL_SOCKET, ask, &bytes, sizeof(int)) < 0)
            throw ErrnoException.Last("setsockopt", Subject);
    }

    /// <inheritdoc/>
    public int Receive(ref byte[] buffer)
    {
        // The kernel cuts its tables to fit 32 KiB, but for one entry that is longer: a port with all VLANs. To look at the length first is
        // a second call.
        if (buffer.Length >= LongestTablePart)
        {
            var received = Receive(buffer, MSG_TRUNC);
            return received <= buffer.Length ? received : throw new ErrnoException("recv", Subject, Errno.EMSGSIZE);
        }

        var length = Receive(default, MSG_PEEK | MSG_TRUNC);
        if (length > buffer.Length)
            buffer = GC.AllocateUninitializedArray<byte>(length);
        return Receive(buffer, 0);
    }

    private int Receive(Span<byte> buffer, int flags)
    {
        fixed (byte* p = buffer)
        {
            while (true)
            {
                var length = recv(Number, p, buffer.Length, flags);
                if (length >= 0)
                    return (int)length;
                if (Marshal.GetLastPInvokeError() != (int)Errno.EINTR)
                    throw ErrnoException.Last("recv", Subject);
            }
        }
    }

    /// <inheritdoc/>
    public bool WaitForInput(TimeSpan timeout, StopSignal? stop = null)
    {
        var deadline = Environment.TickCount64 + (long)Math.Ceiling(timeout.TotalMilliseconds);
        var polls = stackalloc Process.PollFd[2];
        polls[0] = new Process.PollFd { Fd = Number, Events = POLLIN };
        // poll(2) passes over a negative number.
        polls[1] = new Process.PollFd { Fd = stop?.Number ?? -1, Events = POLLIN };
        while (true)
        {
            var left = (int)Math.Clamp(deadline - Environment.TickCount64, 0, int.MaxValue);
            if (Process.Poll(polls, 2, left) >= 0)
                return polls[1].Revents == 0 && polls[0].Revents != 0;
            if (Marshal.GetLastPInvokeError() != (int)Errno.EINTR)
                throw ErrnoException.Last("poll", Subject);
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => close((int)handle) == 0;
}
