using Plugboard.Addresses;
using Plugboard.Dhcp.Gob;
using Plugboard.Linux;
using Plugboard.Linux.Sockets;
using Plugboard.Protocols.Cni;

namespace Plugboard.Dhcp;

/// <summary>Calls the daemon, ours or the reference's: one call for each connection, and no wait without an end.</summary>
/// <param name="socketPath">Where it listens.</param>
internal sealed class DaemonClient(string socketPath)
{
    private const int LongestHead = 4096;

    /// <summary>True if a daemon, or systemd for it, accepts connections; the reason if not.</summary>
    public bool IsPresent(out string reason)
    {
        using var socket = UnixSocket.TryConnect(socketPath, out var errno);
        reason = errno == Errno.None ? "" : $"error dialing DHCP daemon: dial unix {socketPath}: connect: {ErrnoException.Sentence(errno)}";
        return socket is not null;
    }

    /// <summary>Calls it and waits for the answer.</summary>
    /// <exception cref="CniException">Code 11: it is away, or does not answer in time. Code 6: it answers with something else.</exception>
    public RpcReply Call(RpcCall call, TimeSpan limit)
    {
        using var socket = UnixSocket.TryConnect(socketPath, out var errno);
        if (socket is null)
        {
            throw new CniException(
                CniErrorCode.TryAgainLater,
                $"error dialing DHCP daemon: dial unix {socketPath}: connect: {ErrnoException.Sentence(errno)}",
                "start \"dhcp daemon\" on the node; daemonSocketPath in ipam says where it listens"
            );
        }

        try
        {
            var deadline = BootClock.Milliseconds + (long)limit.TotalMilliseconds;
            Send(socket, RpcCall.Hello, deadline);
            var gob = ReceiveWelcome(socket, deadline);
            // Not before: Go's server forgets what it has read after the head (net/rpc, Server.ServeHTTP).
            Send(socket, call.Write(), deadline);
            return Receive(socket, gob, deadline);
        }
        catch (GobException e)
        {
            throw new CniException(
                CniErrorCode.DecodingFailure,
                $"unexpected response from the DHCP daemon: {e.Message}",
                $"{socketPath} is not the socket of a dhcp daemon",
                e
            );
        }
        catch (ErrnoException e)
        {
            throw Away(e.Message, e);
        }
    }

    private static void Send(UnixSocket socket, ReadOnlySpan<byte> bytes, long deadline)
    {
        for (var sent = 0; sent < bytes.Length; )
        {
            Wait(socket, deadline, isForWriting: true);
            sent += socket.Send(bytes[sent..]);
        }
    }

    private static GobReader ReceiveWelcome(UnixSocket socket, long deadline)
    {
        var head = new List<byte>();
        while (head.Count <= LongestHead)
        {
            head.AddRange(Next(socket, deadline));
            var all = head.ToArray();
            if (RpcCall.FindHead(all) is not var (length, first))
                continue;
            if (!first.Contains("200 Connected to Go RPC", StringComparison.Ordinal))
                throw new GobException($"unexpected HTTP response: {Excerpt.Of(first)}");
            var gob = new GobReader();
            gob.Append(all.AsSpan(length));
            return gob;
        }

        throw new GobException("no HTTP response");
    }

    private static RpcReply Receive(UnixSocket socket, GobReader gob, long deadline)
    {
        GobValue? response = null;
        while (true)
        {
            response ??= gob.TryRead();
            if (response is not null && gob.TryRead() is { } body)
                return RpcReply.From(response, body);
            gob.Append(Next(socket, deadline));
        }
    }

    private static byte[] Next(UnixSocket socket, long deadline)
    {
        var buffer = new byte[16 * 1024];
        while (true)
        {
            Wait(socket, deadline);
            if (socket.TryReceive(buffer) is not { } length)
                continue;
            return length > 0 ? buffer[..length] : throw Away("it closed the connection", null);
        }
    }

    private static void Wait(UnixSocket socket, long deadline, bool isForWriting = false)
    {
        var poll = new SocketPoll();
        poll.Add(socket, isForWriting);
        do
        {
            if (BootClock.Milliseconds >= deadline)
                throw Away("it has not answered in time", null);
        } while (!poll.Wait(Math.Max(deadline - BootClock.Milliseconds, 0)));
    }

    private static CniException Away(string reason, Exception? inner) =>
        new(
            CniErrorCode.TryAgainLater,
            $"error calling the DHCP daemon: {reason}",
            "the log of \"dhcp daemon\" says what it waits for; the call can be repeated",
            inner
        );
}
