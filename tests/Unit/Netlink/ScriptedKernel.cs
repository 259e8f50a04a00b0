using System.Runtime.InteropServices;
using Plugboard.Linux;
using Plugboard.Linux.Sockets;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Uapi;

namespace Plugboard.Tests.Unit.Netlink;

/// <summary>
/// Answers in the kernel's place. What is asked is kept; each request takes the next answer, which is one datagram or more.
/// </summary>
internal sealed class ScriptedKernel : IDatagramSocket
{
    private readonly Queue<Func<uint, byte[][]>> answers = new();
    private readonly Queue<byte[]> pending = new();

    public List<byte[]> Sent { get; } = [];

    public List<string> Trace { get; } = [];

    public uint PortId => 4711;

    public NetlinkSocket Socket() => new(this, new RouteDialect(), Trace.Add);

    public RouteClient Client() => new(Socket());

    /// <summary>The next request is answered so; the request's sequence number is given.</summary>
    public ScriptedKernel Answer(Func<uint, byte[][]> datagrams)
    {
        answers.Enqueue(datagrams);
        return this;
    }

    /// <summary>An unrequested datagram comes; an empty one stands for those that were lost (ENOBUFS).</summary>
    public ScriptedKernel Notify(params byte[][] datagrams)
    {
        foreach (var datagram in datagrams)
            pending.Enqueue(datagram);
        return this;
    }

    /// <summary>The next request is acknowledged.</summary>
    public ScriptedKernel Acknowledge() => Answer(sequence => [Ack(sequence, Errno.None)]);

    public void Send(ReadOnlySpan<byte> datagram)
    {
        Sent.Add(datagram.ToArray());
        var sequence = MemoryMarshal.Read<NlMsgHdr>(datagram).nlmsg_seq;
        foreach (var answer in answers.Dequeue()(sequence))
            pending.Enqueue(answer);
    }

    public void MakeRoom(int bytes) => Trace.Add($"room for {bytes} bytes");

    public int Receive(ref byte[] buffer)
    {
        var datagram = pending.Dequeue();
        if (datagram.Length == 0)
            throw new ErrnoException("recv", "scripted kernel", Errno.ENOBUFS);
        if (datagram.Length > buffer.Length)
            buffer = new byte[datagram.Length];
        datagram.CopyTo(buffer, 0);
        return datagram.Length;
    }

    public bool WaitForInput(TimeSpan timeout, StopSignal? stop = null) => pending.Count > 0 && stop is not { IsGiven: true };

    public void Dispose() { }

    /// <summary>NLMSG_ERROR with an extended acknowledgement, its request capped.</summary>
    public static byte[] Ack(uint sequence, Errno errno, string? message = null, uint? offset = null) =>
        Finish(NetlinkH.NLMSG_ERROR, sequence, errno, NetlinkH.NLM_F_CAPPED, message, offset);

    /// <summary>NLMSG_DONE.</summary>
    public static byte[] Done(uint sequence, Errno errno = Errno.None, ushort flags = 0, string? message = null) =>
        Finish(NetlinkH.NLMSG_DONE, sequence, errno, (ushort)(flags | NetlinkH.NLM_F_MULTI), message, null);

    /// <summary>A message of any type.</summary>
    public static byte[] Message(ushort type, uint sequence, ushort flags, Action<NetlinkWriter> write)
    {
        var writer = new NetlinkWriter();
        using (writer.Message(type, flags))
            write(writer);
        writer.HeaderAt(0).nlmsg_seq = sequence;
        return writer.Written.ToArray();
    }

    private static byte[] Finish(ushort type, uint sequence, Errno errno, ushort flags, string? message, uint? offset)
    {
        var extended = message is not null || offset is not null;
        return Message(
            type,
            sequence,
            (ushort)(extended ? flags | NetlinkH.NLM_F_ACK_TLVS : flags),
            writer =>
            {
                writer.WriteStruct(-(int)errno);
                if (type == NetlinkH.NLMSG_ERROR)
                    writer.WriteStruct(new NlMsgHdr { nlmsg_len = 200, nlmsg_seq = sequence });
                if (message is not null)
                    writer.WriteString(NetlinkH.NLMSGERR_ATTR_MSG, message);
                if (offset is { } at)
                    writer.WriteUInt32(NetlinkH.NLMSGERR_ATTR_OFFS, at);
            }
        );
    }
}
