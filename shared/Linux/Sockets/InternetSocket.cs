using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Plugboard.Addresses;
using Plugboard.Linux.Files;
using Plugboard.Linux.LibC;

namespace Plugboard.Linux.Sockets;

/// <summary>
/// Probes a server before a mount: whether it answers, and the local address towards it.
/// </summary>
public static unsafe class InternetSocket
{
    private const ushort AnyPort = 9;

    /// <summary>Connects over TCP and closes: <see cref="Errno.None"/>, or the error; ETIMEDOUT if no answer came in time.</summary>
    public static Errno TryConnect(IPAddr server, ushort port, TimeSpan timeout)
    {
        using var socket = Open(server, SOCK_STREAM | SOCK_NONBLOCK);
        var address = stackalloc byte[Inet.AddressSize];
        if (connect(socket.Number, (sockaddr*)address, Write(server, port, address)) == 0)
            return Errno.None;
        var errno = (Errno)Marshal.GetLastPInvokeError();
        if (errno != Errno.EINPROGRESS)
            return errno;
        if (!Wait(socket, POLLOUT, timeout))
            return Errno.ETIMEDOUT;
        int error;
        socklen_t length = sizeof(int);
        return getsockopt(socket.Number, SOL_SOCKET, SO_ERROR, &error, &length) < 0
            ? throw ErrnoException.Last("getsockopt", server.ToString())
            : (Errno)error;
    }

    /// <summary>The address of ours that a server sees; null if there is no route to it.</summary>
    public static IPAddr? FindOwnAddress(IPAddr server)
    {
        using var socket = Open(server, SOCK_DGRAM);
        var address = stackalloc byte[Inet.AddressSize];
        // A datagram socket that is connected has sent nothing, but the kernel has chosen a route.
        if (connect(socket.Number, (sockaddr*)address, Write(server, AnyPort, address)) < 0)
            return null;
        socklen_t length = Inet.AddressSize;
        if (getsockname(socket.Number, (sockaddr*)address, &length) < 0)
            throw ErrnoException.Last("getsockname", server.ToString());
        return IPAddr.FromBytes(server.Is6 ? new ReadOnlySpan<byte>(address + 8, 16) : new ReadOnlySpan<byte>(address + 4, 4));
    }

    internal static FileDescriptor Open(IPAddr server, int type)
    {
        var fd = socket(server.Is6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, 0);
        return fd < 0 ? throw ErrnoException.Last("socket", server.ToString()) : new FileDescriptor(fd, server.ToString());
    }

    internal static bool Wait(FileDescriptor socket, short events, TimeSpan timeout)
    {
        var poll = new Process.PollFd { Fd = socket.Number, Events = events };
        return Process.Poll(&poll, 1, (int)timeout.TotalMilliseconds) > 0;
    }

    // The family in the machine's byte order, the port in the network's; sockaddr_in6 has four bytes of flow label before the address, and
    // the link's number after it.
    internal static uint Write(IPAddr server, ushort port, byte* address, uint scope = 0)
    {
        var bytes = new Span<byte>(address, Inet.AddressSize);
        bytes.Clear();
        *(ushort*)address = (ushort)(server.Is6 ? AF_INET6 : AF_INET);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], port);
        server.WriteBytes(bytes[(server.Is6 ? 8 : 4)..]);
        if (server.Is6)
            *(uint*)(address + 24) = scope;
        return server.Is6 ? 28u : 16u;
    }
}
