using Plugboard.Linux;
using Plugboard.Linux.Sockets;
using Plugboard.Netlink.Trace;
using Plugboard.Netlink.Uapi;

namespace Plugboard.Netlink;

/// <summary>
/// Requests and their answers over one netlink socket: numbers them, waits for the acknowledgement or the answers, throws the kernel's
/// errors. Not for two threads at once. With <c>PLUGBOARD_TRACE=netlink</c> in the environment every message is printed in words on
/// standard error. Source: netlink(7), Documentation/userspace-api/netlink/intro.rst.
/// </summary>
public sealed class NetlinkSocket : IDisposable
{
    // A dump that a change interrupted is repeated; a table that changes during each of a hundred dumps is an error.
    private const int DumpAttempts = 100;

    // Every message of a batch may be refused before the first refusal is read. One counts for less than 1 KiB in a buffer of 208 KiB by
    // default (net.core.rmem_default).
    private const int MessagesWithoutRoom = 150;
    private const int RefusalSize = 1024;

    private readonly IDatagramSocket datagrams;
    private readonly NetlinkDialect dialect;
    private readonly NetlinkTrace? trace;
    private readonly NetlinkWriter writer = new();
    private byte[] received = GC.AllocateUninitializedArray<byte>(64 * 1024);
    private uint sequence;

    internal NetlinkSocket(IDatagramSocket datagrams, NetlinkDialect dialect, Action<string>? traceTo)
    {
        this.datagrams = datagrams;
        this.dialect = dialect;
        trace = traceTo is null ? null : new NetlinkTrace(dialect, traceTo);
    }

    /// <summary>Reads the value a message carries; what it returns must not point into the message.</summary>
    public delegate T Parser<out T>(NetlinkMessage message);

    /// <summary>
    /// Opens a socket in the calling thread's network namespace, with extended acks and strict checks where the kernel has them.
    /// </summary>
    /// <param name="protocol">The netlink protocol.</param>
    /// <param name="dialect">The names of its messages and attributes.</param>
    /// <param name="groups">A bit for each multicast group to join, as RTMGRP_LINK; 0 for none.</param>
    /// <exception cref="ErrnoException">The kernel does not have the protocol, or no more files can be opened.</exception>
    public static NetlinkSocket Open(NetlinkProtocol protocol, NetlinkDialect dialect, uint groups = 0)
    {
        var socket = KernelSocket.OpenNetlink((int)protocol, groups);
        socket.TryEnable(NetlinkH.NETLINK_EXT_ACK);
        socket.TryEnable(NetlinkH.NETLINK_CAP_ACK);
        // Linux 4.20: without it a dump ignores the filter in its request.
        socket.TryEnable(NetlinkH.NETLINK_GET_STRICT_CHK);
        return new NetlinkSocket(socket, dialect, NetlinkTrace.SinkFromEnvironment());
    }

    /// <summary>
    /// The number the kernel knows this socket by, its own in its namespace: <see cref="NetlinkMessage.PortId"/> of notifications of what
    /// it changed.
    /// </summary>
    public uint PortId => datagrams.PortId;

    /// <summary>The writer for the next request, empty. There is one per socket: a request is written, sent and forgotten.</summary>
    public NetlinkWriter NewRequest() => writer.Clear();

    /// <summary>Sends a request that changes something and waits for its acknowledgement.</summary>
    /// <param name="request">One message with NLM_F_REQUEST and NLM_F_ACK.</param>
    /// <param name="subject">Names the object, for the exception; not called otherwise.</param>
    /// <exception cref="NetlinkException">The kernel refused it.</exception>
    public void Execute(NetlinkWriter request, Func<string> subject)
    {
        if (TryExecute(request) is { } error)
            throw Refused(request, subject, error);
    }

    /// <summary>
    /// Sends a request that changes something and waits for its acknowledgement; the kernel's refusal is returned, null when it was done.
    /// </summary>
    public NetlinkError? TryExecute(NetlinkWriter request)
    {
        var exchange = Send(request);
        while (true)
        {
            var reader = Receive();
            while (reader.Read())
            {
                if (reader.Current.Sequence == exchange && reader.Current.Type is NetlinkH.NLMSG_ERROR or NetlinkH.NLMSG_DONE)
                    return NetlinkAck.Read(reader.Current, request.Written, dialect);
            }
        }
    }

    /// <summary>Sends a request that removes an object; false if it was gone already.</summary>
    /// <param name="request">One message with NLM_F_REQUEST and NLM_F_ACK.</param>
    /// <param name="subject">Names the object, for the exception; not called otherwise.</param>
    /// <param name="absent">The kernel's error if it was gone.</param>
    /// <exception cref="NetlinkException">The kernel refused it with another error.</exception>
    public bool ExecuteUnlessAbsent(NetlinkWriter request, Func<string> subject, Errno absent)
    {
        var error = TryExecute(request);
        if (error is null)
            return true;
        return error.Errno == absent ? false : throw Refused(request, subject, error);
    }

    /// <summary>
    /// Sends several messages as one datagram, of which the kernel does all or none, and waits for its answer to the last but one: the last
    /// ends the batch and is not answered. Source: include/uapi/linux/netfilter/nfnetlink.h, NFNL_MSG_BATCH_BEGIN.
    /// </summary>
    /// <param name="batch">The messages, from the one that begins the batch to the one that ends it.</param>
    /// <returns>What was refused, each with its message's place; place 0 is the batch as a whole. Empty: all was done.</returns>
    public IReadOnlyList<(int Place, NetlinkError Error)> TryExecuteBatch(NetlinkWriter batch)
    {
        var starts = NumberMessages(batch);
        var first = sequence - (uint)starts.Count + 1;
        var last = sequence - 1;
        batch.HeaderAt(starts[^2]).nlmsg_flags |= NetlinkH.NLM_F_ACK;
        trace?.Sent(batch.Written);
        if (starts.Count > MessagesWithoutRoom)
            datagrams.MakeRoom(starts.Count * RefusalSize);
        datagrams.Send(batch.Written);
        var refused = new List<(int, NetlinkError)>();
        while (true)
        {
            var reader = Receive();
            while (reader.Read())
            {
                var message = reader.Current;
                if (message.Sequence < first || message.Sequence > last || message.Type != NetlinkH.NLMSG_ERROR)
                    continue;
                var place = (int)(message.Sequence - first);
                if (NetlinkAck.Read(message, batch.Written[starts[place]..], dialect) is { } error)
                    refused.Add((place, error));
                // A batch that is refused as a whole may have no other answer.
                if (place == 0 || message.Sequence == last)
                    return refused;
            }
        }
    }

    /// <summary>
    /// Sends several requests that change something in few datagrams, and waits until each is done or refused: the kernel does one after
    /// the other, and a refused one stops none. Only the last of a datagram is acknowledged, refusals are answered always, so 150 changes
    /// take two or three system calls. Source: net/netlink/af_netlink.c, netlink_rcv_skb.
    /// </summary>
    /// <param name="requests">The messages, each with NLM_F_REQUEST; NLM_F_ACK is set and taken away here.</param>
    /// <returns>What was refused, each with its message's place from 0, ascending. Empty: all was done.</returns>
    /// <exception cref="ErrnoException">ENOBUFS: an answer was lost, so what was done is not known.</exception>
    public IReadOnlyList<(int Place, NetlinkError Error)> TryExecuteEach(NetlinkWriter requests)
    {
        var starts = NumberMessages(requests);
        var refused = new List<(int Place, NetlinkError Error)>();
        for (var place = 0; place < starts.Count; place += MessagesWithoutRoom)
        {
            var last = Math.Min(place + MessagesWithoutRoom, starts.Count) - 1;
            for (var i = place; i <= last; i++)
                SetAck(ref requests.HeaderAt(starts[i]), i == last);
            var datagram = requests.Written[starts[place]..(last + 1 < starts.Count ? starts[last + 1] : requests.Length)];
            trace?.Sent(datagram);
            datagrams.Send(datagram);
            GatherRefusals(requests, starts, last, refused);
        }

        return refused;
    }

    private static void SetAck(ref NlMsgHdr header, bool ack) =>
        header.nlmsg_flags = (ushort)(ack ? header.nlmsg_flags | NetlinkH.NLM_F_ACK : header.nlmsg_flags & ~NetlinkH.NLM_F_ACK);

    // Reads answers up to the last message's, which follows all others of its datagram. Answers to an earlier call are skipped.
    private void GatherRefusals(NetlinkWriter requests, List<int> starts, int last, List<(int Place, NetlinkError Error)> refused)
    {
        var first = sequence - (uint)starts.Count + 1;
        while (true)
        {
            var reader = Receive();
            while (reader.Read())
            {
                var message = reader.Current;
                var place = message.Sequence - first;
                if (message.Type != NetlinkH.NLMSG_ERROR || place > last)
                    continue;
                if (NetlinkAck.Read(message, requests.Written[starts[(int)place]..], dialect) is { } error)
                    refused.Add(((int)place, error));
                if (place == last)
                    return;
            }
        }
    }

    private List<int> NumberMessages(NetlinkWriter batch)
    {
        var starts = new List<int>();
        for (var at = 0; at < batch.Length; at += NetlinkWriter.Align((int)batch.HeaderAt(at).nlmsg_len))
        {
            starts.Add(at);
            batch.HeaderAt(at).nlmsg_seq = ++sequence;
        }

        return starts;
    }

    /// <summary>Requests one object.</summary>
    /// <param name="request">One message with NLM_F_REQUEST, without NLM_F_ACK and NLM_F_DUMP.</param>
    /// <param name="subject">Names the object, for the exception; not called otherwise.</param>
    /// <param name="absent">The kernel's error for an absent object: ENODEV for links, ENOENT for most others.</param>
    /// <param name="parser">Reads the answer.</param>
    /// <returns>Null if the kernel answered <paramref name="absent"/>.</returns>
    /// <exception cref="NetlinkException">The kernel refused it with another error.</exception>
    public T? Find<T>(NetlinkWriter request, Func<string> subject, Errno absent, Parser<T?> parser)
        where T : class
    {
        var exchange = Send(request);
        while (true)
        {
            var reader = Receive();
            while (reader.Read())
            {
                var message = reader.Current;
                if (message.Sequence != exchange)
                    continue;
                if (message.Type != NetlinkH.NLMSG_ERROR)
                    return parser(message);
                var error = NetlinkAck.Read(message, request.Written, dialect);
                if (error is null || error.Errno == absent)
                    return null;
                throw Refused(request, subject, error);
            }
        }
    }

    /// <summary>
    /// Requests a table. If the table changed during the dump (NLM_F_DUMP_INTR), the dump is repeated, up to a hundred times.
    /// </summary>
    /// <param name="request">One message with NLM_F_REQUEST and NLM_F_DUMP.</param>
    /// <param name="subject">Names the table, for the exception; not called otherwise.</param>
    /// <param name="parser">Reads one entry; null leaves it out.</param>
    /// <param name="absent">The kernel's error for an absent table, as ENOENT for a routing table: the list is empty.</param>
    /// <exception cref="NetlinkException">The kernel refused it, or EINTR: it was interrupted a hundred times.</exception>
    public IReadOnlyList<T> Dump<T>(NetlinkWriter request, Func<string> subject, Parser<T?> parser, Errno absent = Errno.None)
        where T : class
    {
        var entries = new List<T>();
        for (var attempt = 0; attempt < DumpAttempts; attempt++)
        {
            entries.Clear();
            var error = TryDump(request, parser, entries);
            if (error is null || error.Errno == absent)
                return entries;
            if (error.Errno != Errno.EINTR)
                throw Refused(request, subject, error);
        }

        throw Refused(request, subject, new NetlinkError(Errno.EINTR, $"the table changed during each of {DumpAttempts} dumps", null));
    }

    // EINTR when it was interrupted; it is read to its end all the same.
    private NetlinkError? TryDump<T>(NetlinkWriter request, Parser<T?> parser, List<T> entries)
        where T : class
    {
        var exchange = Send(request);
        var consistent = true;
        while (true)
        {
            var reader = Receive();
            while (reader.Read())
            {
                var message = reader.Current;
                if (message.Sequence != exchange)
                    continue;
                consistent &= (message.Flags & NetlinkH.NLM_F_DUMP_INTR) == 0;
                if (message.Type is NetlinkH.NLMSG_DONE or NetlinkH.NLMSG_ERROR)
                {
                    var error = NetlinkAck.Read(message, request.Written, dialect);
                    return error is null && !consistent ? new NetlinkError(Errno.EINTR, null, null) : error;
                }

                if (parser(message) is { } entry)
                    entries.Add(entry);
            }
        }
    }

    /// <summary>
    /// True as soon as a notification can be received; false when <paramref name="timeout"/> passes first or <paramref name="stop"/> is
    /// given.
    /// </summary>
    public bool WaitForInput(TimeSpan timeout, StopSignal? stop = null) => datagrams.WaitForInput(timeout, stop);

    /// <summary>
    /// Makes room for so many bytes of notifications that are not read yet. The kernel counts about 1 KiB for a short one and grants twice
    /// as much.
    /// </summary>
    internal void MakeRoom(int bytes) => datagrams.MakeRoom(bytes);

    /// <summary>The messages of the next datagram, as it comes; valid until the next call.</summary>
    /// <exception cref="ErrnoException">ENOBUFS: notifications were lost.</exception>
    public NetlinkReader Receive()
    {
        var length = datagrams.Receive(ref received);
        var datagram = received.AsSpan(0, length);
        trace?.Received(datagram);
        return new NetlinkReader(datagram);
    }

    private uint Send(NetlinkWriter request)
    {
        sequence++;
        request.HeaderAt(0).nlmsg_seq = sequence;
        trace?.Sent(request.Written);
        datagrams.Send(request.Written);
        return sequence;
    }

    private NetlinkException Refused(NetlinkWriter request, Func<string> subject, NetlinkError error) =>
        new(dialect.MessageName(request.HeaderAt(0).nlmsg_type), subject(), error);

    /// <inheritdoc/>
    public void Dispose() => datagrams.Dispose();
}
