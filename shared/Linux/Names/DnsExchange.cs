using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Plugboard.Linux.Files;
using Plugboard.Linux.LibC;
using Plugboard.Linux.Sockets;

namespace Plugboard.Linux.Names;

/// <summary>
/// Questions to one name server and its answers, within a time. Questions by UDP are asked together, and whatever is no answer to one of
/// them is passed over.
/// </summary>
internal static unsafe class DnsExchange
{
    private const int LongestDatagram = 4096;
    private const string Silent = "no answer";

    /// <summary>How long the other family is waited for once there are addresses: some networks lose the questions for IPv6.</summary>
    public static readonly TimeSpan ForTheOther = TimeSpan.FromMilliseconds(500);

    /// <summary>Sends the questions over UDP, and repeats truncated ones over TCP. An answer for each question, in order.</summary>
    public static DnsReply[] Ask(NameServer server, IReadOnlyList<byte[]> questions, TimeSpan limit, bool usesTcp)
    {
        var clock = TimeProvider.System;
        var began = clock.GetTimestamp();
        var end = limit;
        var replies = new DnsReply?[questions.Count];
        var failure = usesTcp ? null : AskByUdp(server, questions, replies, Left);
        for (var i = 0; i < replies.Length; i++)
        {
            if (usesTcp || replies[i] is { Outcome: DnsOutcome.Truncated })
                replies[i] = AskByTcp(server, questions[i], Left) is { } whole ? whole : OfPart(replies[i]);
        }

        return replies.Select(reply => reply ?? new DnsReply(DnsOutcome.Failed, [], failure ?? Silent)).ToArray();

        TimeSpan Left()
        {
            var elapsed = clock.GetElapsedTime(began);
            if (
                end == limit
                && Array.Exists(replies, static reply => reply is { Outcome: DnsOutcome.Found })
                && elapsed + ForTheOther < limit
            )
                end = elapsed + ForTheOther;
            return elapsed < end ? end - elapsed : TimeSpan.Zero;
        }
    }

    // What fitted is better than nothing.
    private static DnsReply OfPart(DnsReply? part) =>
        part is { Addresses.Count: > 0 }
            ? new DnsReply(DnsOutcome.Found, part.Addresses)
            : new DnsReply(
                DnsOutcome.Failed,
                [],
                part is null ? "no answer over TCP" : "the answer does not fit into a datagram, and TCP gives no answer"
            );

    private static string? AskByUdp(NameServer server, IReadOnlyList<byte[]> questions, DnsReply?[] replies, Func<TimeSpan> left)
    {
        try
        {
            using var socket = InternetSocket.Open(server.Address, SOCK_DGRAM | SOCK_NONBLOCK);
            Connect(socket, server);
            foreach (var question in questions)
            {
                if (!TrySend(socket, question))
                    return LastError();
            }

            var buffer = new byte[LongestDatagram];
            while (Array.Exists(replies, static reply => reply is null) && left() is var time && time > TimeSpan.Zero)
            {
                if (!InternetSocket.Wait(socket, POLLIN, time + TimeSpan.FromMilliseconds(1)))
                    continue;
                var count = Receive(socket, buffer);
                if (count < 0 && (Errno)Marshal.GetLastPInvokeError() is not (Errno.EAGAIN or Errno.EINTR))
                    return LastError();
                for (var i = 0; i < questions.Count; i++)
                    replies[i] ??= DnsMessage.Read(buffer.AsSpan(0, Math.Max(count, 0)), questions[i]);
            }

            return null;
        }
        catch (ErrnoException e)
        {
            return ErrnoException.Sentence(e.Errno);
        }
    }

    // RFC 1035, 4.2.2: two bytes of length come before each message.
    private static DnsReply? AskByTcp(NameServer server, byte[] question, Func<TimeSpan> left)
    {
        try
        {
            using var socket = InternetSocket.Open(server.Address, SOCK_STREAM | SOCK_NONBLOCK);
            Connect(socket, server);
            if (!InternetSocket.Wait(socket, POLLOUT, left()))
                return null;
            var message = new byte[question.Length + 2];
            BinaryPrimitives.WriteUInt16BigEndian(message, (ushort)question.Length);
            question.CopyTo(message, 2);
            // The whole of so few bytes is taken at once by a socket that is just connected.
            if (!TrySend(socket, message) || ReadExactly(socket, 2, left) is not { } head)
                return null;
            return ReadExactly(socket, BinaryPrimitives.ReadUInt16BigEndian(head), left) is { } body
                ? DnsMessage.Read(body, question)
                : null;
        }
        catch (ErrnoException)
        {
            return null;
        }
    }

    private static byte[]? ReadExactly(FileDescriptor socket, int length, Func<TimeSpan> left)
    {
        var buffer = new byte[length];
        for (var at = 0; at < length; )
        {
            if (left() is var time && time <= TimeSpan.Zero)
                return null;
            if (!InternetSocket.Wait(socket, POLLIN, time + TimeSpan.FromMilliseconds(1)))
                continue;
            var count = Receive(socket, buffer.AsSpan(at));
            if (count == 0 || (count < 0 && (Errno)Marshal.GetLastPInvokeError() is not (Errno.EAGAIN or Errno.EINTR)))
                return null;
            at += Math.Max(count, 0);
        }

        return buffer;
    }

    private static void Connect(FileDescriptor socket, NameServer server)
    {
        var address = stackalloc byte[Inet.AddressSize];
        if (connect(socket.Number, (sockaddr*)address, InternetSocket.Write(server.Address, NameServer.Port, address, server.Scope)) == 0)
            return;
        var failure = ErrnoException.Last("connect", server.ToString());
        if (failure.Errno != Errno.EINPROGRESS)
            throw failure;
    }

    private static bool TrySend(FileDescriptor socket, byte[] bytes)
    {
        fixed (byte* p = bytes)
            return send(socket.Number, p, bytes.Length, MSG_NOSIGNAL) == bytes.Length;
    }

    private static int Receive(FileDescriptor socket, Span<byte> buffer)
    {
        fixed (byte* p = buffer)
            return (int)recv(socket.Number, p, buffer.Length, 0);
    }

    private static string LastError() => ErrnoException.Sentence((Errno)Marshal.GetLastPInvokeError());
}
