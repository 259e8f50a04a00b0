using System.Runtime.CompilerServices;
using Plugboard.Linux;
using Plugboard.Netlink.Trace;
using Plugboard.Netlink.Uapi;

namespace Plugboard.Netlink;

/// <summary>Reads NLMSG_ERROR and NLMSG_DONE: the error number and, with NETLINK_EXT_ACK, what the kernel says about it.</summary>
internal static class NetlinkAck
{
    /// <summary>Null when it acknowledges success.</summary>
    public static NetlinkError? Read(NetlinkMessage ack, ReadOnlySpan<byte> request, NetlinkDialect dialect)
    {
        // NLMSG_DONE of the oldest dumps carries no number.
        if (ack.Type == NetlinkH.NLMSG_DONE && ack.Payload.IsEmpty)
            return null;
        var number = NetlinkReader.ReadStruct<int>(ack.Payload);
        if (number >= 0)
            return null;
        var (message, offset) = (ack.Flags & NetlinkH.NLM_F_ACK_TLVS) == 0 ? (null, 0u) : Explanation(ack);
        var attribute = offset == 0 ? null : NetlinkDump.AttributeAt(request, offset, dialect);
        return new NetlinkError((Errno)(-number), message, attribute);
    }

    private static (string? Message, uint Offset) Explanation(NetlinkMessage ack)
    {
        string? text = null;
        var offset = 0u;
        var attributes = AttributeReader.After(ack.Payload, ExplanationStart(ack));
        while (attributes.Read())
        {
            if (attributes.Type == NetlinkH.NLMSGERR_ATTR_MSG)
                text = attributes.String();
            else if (attributes.Type == NetlinkH.NLMSGERR_ATTR_OFFS)
                offset = attributes.UInt32();
        }

        return (text, offset);
    }

    // NLMSG_ERROR quotes the request between the number and the attributes: its header only with NLM_F_CAPPED, else all of it.
    private static int ExplanationStart(NetlinkMessage ack)
    {
        if (ack.Type == NetlinkH.NLMSG_DONE)
            return sizeof(int);
        var quoted = ack.Header<NlMsgErr>().msg.nlmsg_len;
        var capped = (ack.Flags & NetlinkH.NLM_F_CAPPED) != 0;
        var rest = capped ? 0 : (long)quoted - Unsafe.SizeOf<NlMsgHdr>();
        if (rest < 0 || rest > ack.Payload.Length)
            throw new NetlinkFormatException($"an acknowledgement of {ack.Payload.Length} bytes quotes a request of {quoted} bytes");
        return Unsafe.SizeOf<NlMsgErr>() + (int)rest;
    }
}
