using System.Runtime.CompilerServices;
using Plugboard.Netlink.Uapi;

namespace Plugboard.Netlink;

/// <summary>One message inside a received datagram; gone with the buffer.</summary>
public readonly ref struct NetlinkMessage
{
    private readonly NlMsgHdr header;

    internal NetlinkMessage(NlMsgHdr header, ReadOnlySpan<byte> payload)
    {
        this.header = header;
        Payload = payload;
    }

    /// <summary>As RTM_NEWLINK.</summary>
    public ushort Type => header.nlmsg_type;

    /// <summary>NLM_F_MULTI and other flags.</summary>
    public ushort Flags => header.nlmsg_flags;

    /// <summary>The sequence number of the request it answers; 0 in a notification.</summary>
    public uint Sequence => header.nlmsg_seq;

    /// <summary>The requesting socket; in a notification the author's, 0 for the kernel itself.</summary>
    public uint PortId => header.nlmsg_pid;

    /// <summary>What follows the 16 bytes of nlmsghdr.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>The fixed part, such as ifinfomsg.</summary>
    /// <exception cref="NetlinkFormatException">The message is shorter than it.</exception>
    public T Header<T>()
        where T : unmanaged => NetlinkReader.ReadStruct<T>(Payload);

    /// <summary>The attributes behind a fixed part of type <typeparamref name="T"/>.</summary>
    /// <exception cref="NetlinkFormatException">The message is shorter than the fixed part.</exception>
    public AttributeReader Attributes<T>()
        where T : unmanaged => AttributeReader.After(Payload, Unsafe.SizeOf<T>());
}
