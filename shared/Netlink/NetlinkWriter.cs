using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Plugboard.Addresses;
using Plugboard.Linux.Files;
using Plugboard.Netlink.Uapi;

namespace Plugboard.Netlink;

/// <summary>
/// Builds netlink messages in one growing buffer that is used again after <see cref="Clear"/>. A message and a nested attribute are scopes
/// whose end writes their length, so nothing is measured beforehand. Numbers are in host order, as the kernel's are, unless the method says
/// <c>BigEndian</c>. Source: netlink(7), include/uapi/linux/netlink.h.
/// </summary>
public sealed class NetlinkWriter
{
    private byte[] buffer = GC.AllocateUninitializedArray<byte>(4096);

    /// <summary>The bytes written so far; valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => buffer.AsSpan(0, Length);

    /// <summary>How many bytes were written so far.</summary>
    public int Length { get; private set; }

    /// <summary>Clears the buffer for new messages.</summary>
    public NetlinkWriter Clear()
    {
        Length = 0;
        return this;
    }

    /// <summary>Starts a message; its end is the scope's end. The sender sets the sequence number.</summary>
    /// <param name="type">As RTM_NEWLINK.</param>
    /// <param name="flags">NLM_F_REQUEST and other flags.</param>
    public MessageScope Message(ushort type, ushort flags)
    {
        var start = Length;
        WriteStruct(new NlMsgHdr { nlmsg_type = type, nlmsg_flags = flags });
        return new MessageScope(this, start);
    }

    /// <summary>Starts an attribute that holds attributes (NLA_F_NESTED); its end is the scope's end.</summary>
    /// <remarks>Some kernel code, as IFLA_PROTINFO of a bridge port, takes an attribute without NLA_F_NESTED for an older form, so it is
    /// always set.</remarks>
    public NestedScope Nested(ushort type)
    {
        var start = Length;
        var header = Reserve(NetlinkH.NLA_HDRLEN);
        MemoryMarshal.Write(header[2..], (ushort)(type | NetlinkH.NLA_F_NESTED));
        return new NestedScope(this, start);
    }

    /// <summary>Writes a struct as it lies in memory, padded to 4 bytes: the fixed part of a message.</summary>
    public void WriteStruct<T>(in T value)
        where T : unmanaged => MemoryMarshal.Write(Reserve(Unsafe.SizeOf<T>()), in value);

    /// <summary>An attribute that is a struct as it lies in memory.</summary>
    public void WriteStruct<T>(ushort type, in T value)
        where T : unmanaged => MemoryMarshal.Write(Attribute(type, Unsafe.SizeOf<T>()), in value);

    /// <summary>An attribute of any bytes, at most 65,531.</summary>
    public void WriteBytes(ushort type, ReadOnlySpan<byte> value) => value.CopyTo(Attribute(type, value.Length));

    /// <summary>An attribute without a value: that it is there is what it says.</summary>
    public void WriteFlag(ushort type) => Attribute(type, 0);

    /// <summary>One byte.</summary>
    public void WriteUInt8(ushort type, byte value) => Attribute(type, 1)[0] = value;

    /// <summary>Two bytes in host order.</summary>
    public void WriteUInt16(ushort type, ushort value) => MemoryMarshal.Write(Attribute(type, 2), in value);

    /// <summary>Two bytes in network order.</summary>
    public void WriteUInt16BigEndian(ushort type, ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Attribute(type, 2), value);

    /// <summary>Four bytes in host order.</summary>
    public void WriteUInt32(ushort type, uint value) => MemoryMarshal.Write(Attribute(type, 4), in value);

    /// <summary>Four bytes in network order.</summary>
    public void WriteUInt32BigEndian(ushort type, uint value) => BinaryPrimitives.WriteUInt32BigEndian(Attribute(type, 4), value);

    /// <summary>Eight bytes in host order.</summary>
    public void WriteUInt64(ushort type, ulong value) => MemoryMarshal.Write(Attribute(type, 8), in value);

    /// <summary>Eight bytes in network order.</summary>
    public void WriteUInt64BigEndian(ushort type, ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Attribute(type, 8), value);

    /// <summary>UTF-8 with a closing NUL.</summary>
    public void WriteString(ushort type, string value)
    {
        var count = Encoding.UTF8.GetByteCount(value);
        Encoding.UTF8.GetBytes(value, Attribute(type, count + 1));
    }

    /// <summary>4 or 16 bytes in network order.</summary>
    public void WriteAddress(ushort type, IPAddr value) => value.WriteBytes(Attribute(type, value.ByteCount));

    /// <summary>6 bytes.</summary>
    public void WriteMac(ushort type, MacAddress value) => value.WriteBytes(Attribute(type, MacAddress.ByteCount));

    /// <summary>The number of an open file, as IFLA_NET_NS_FD takes it. The caller keeps the file open until the message is sent.</summary>
    public void WriteDescriptor(ushort type, FileDescriptor file) => WriteUInt32(type, (uint)file.DangerousGetHandle());

    private Span<byte> Attribute(ushort type, int length)
    {
        if (length > ushort.MaxValue - NetlinkH.NLA_HDRLEN)
            throw new ArgumentOutOfRangeException(nameof(length), length, "an attribute holds at most 65,531 bytes");
        var attribute = Reserve(NetlinkH.NLA_HDRLEN + length);
        MemoryMarshal.Write(attribute, (ushort)(NetlinkH.NLA_HDRLEN + length));
        MemoryMarshal.Write(attribute[2..], type);
        return attribute[NetlinkH.NLA_HDRLEN..];
    }

    // Zeroed, padding included: what is left unsaid is 0 on the wire.
    private Span<byte> Reserve(int length)
    {
        var start = Length;
        var end = start + Align(length);
        if (end > buffer.Length)
            Array.Resize(ref buffer, Math.Max(end, buffer.Length * 2));
        Length = end;
        buffer.AsSpan(start, end - start).Clear();
        return buffer.AsSpan(start, length);
    }

    internal static int Align(int length) => (length + NetlinkH.NLMSG_ALIGNTO - 1) & -NetlinkH.NLMSG_ALIGNTO;

    internal ref NlMsgHdr HeaderAt(int start) => ref MemoryMarshal.AsRef<NlMsgHdr>(buffer.AsSpan(start));

    private void EndNested(int start)
    {
        var length = Length - start;
        if (length > ushort.MaxValue)
            throw new InvalidOperationException($"a nested attribute holds at most 65,535 bytes, not {length}");
        MemoryMarshal.Write(buffer.AsSpan(start), (ushort)length);
    }

    /// <summary>An open message.</summary>
    public readonly ref struct MessageScope
    {
        private readonly NetlinkWriter writer;
        private readonly int start;

        internal MessageScope(NetlinkWriter writer, int start)
        {
            this.writer = writer;
            this.start = start;
        }

        /// <summary>Writes the message's length into its header.</summary>
        public void Dispose() => writer.HeaderAt(start).nlmsg_len = (uint)(writer.Length - start);
    }

    /// <summary>An open nested attribute.</summary>
    public readonly ref struct NestedScope
    {
        private readonly NetlinkWriter writer;
        private readonly int start;

        internal NestedScope(NetlinkWriter writer, int start)
        {
            this.writer = writer;
            this.start = start;
        }

        /// <summary>Writes the attribute's length into its header.</summary>
        /// <exception cref="InvalidOperationException">It grew beyond 65,535 bytes.</exception>
        public void Dispose() => writer.EndNested(start);
    }
}
