using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Plugboard.Linux;
using Plugboard.Netlink.Uapi;

namespace Plugboard.Netlink.Trace;

/// <summary>Netlink messages in words: a line per message and, indented below it, a line per attribute. Any bytes can be printed.</summary>
public static class NetlinkDump
{
    private const int MaxDepth = 16;

    /// <summary>All messages of a datagram, without a line end after the last.</summary>
    /// <param name="prefix">Starts every line, as <c>"> "</c> for sent messages.</param>
    /// <param name="datagram">The bytes as sent or received; invalid messages are marked as such.</param>
    /// <param name="dialect">The names.</param>
    public static string Describe(string prefix, ReadOnlySpan<byte> datagram, NetlinkDialect dialect)
    {
        var text = new StringBuilder();
        try
        {
            var reader = new NetlinkReader(datagram);
            while (reader.Read())
                AppendMessage(text, prefix, reader.Current, dialect);
        }
        catch (NetlinkFormatException e)
        {
            text.Append(prefix).Append("malformed: ").Append(e.Message).Append('\n');
        }

        return text.ToString().TrimEnd('\n');
    }

    /// <summary>
    /// The name of the attribute at an offset in bytes from the message's start, as <c>IFLA_LINKINFO/IFLA_INFO_KIND</c>; null if none
    /// starts there.
    /// </summary>
    internal static string? AttributeAt(ReadOnlySpan<byte> message, uint offset, NetlinkDialect dialect)
    {
        // The trace has no request at hand.
        if (!MemoryMarshal.TryRead<NlMsgHdr>(message, out var header))
            return null;
        var start = Unsafe.SizeOf<NlMsgHdr>();
        var payload = message[start..];
        var schema = dialect.Schema(header.nlmsg_type, payload);
        return schema is null ? null : AttributeAt(payload, offset - start, schema, "");
    }

    private static string? AttributeAt(ReadOnlySpan<byte> bytes, long offset, AttributeSchema schema, string path)
    {
        var start = NetlinkWriter.Align(schema.HeaderSize);
        var attributes = AttributeReader.After(bytes, schema.HeaderSize);
        var kind = "";
        while (attributes.Read())
        {
            var definition = schema.Find(attributes.Type);
            var name = path + (definition?.Name ?? Number(attributes.Type));
            var end = start + NetlinkH.NLA_HDRLEN + attributes.Value.Length;
            if (offset == start)
                return name;
            if (offset < end)
                return Inside(definition, kind) is { } inside
                    ? AttributeAt(attributes.Value, offset - start - NetlinkH.NLA_HDRLEN, inside, name + "/")
                    : name;
            kind = KindAfter(kind, definition, attributes);
            start = NetlinkWriter.Align(end);
        }

        return null;
    }

    private static void AppendMessage(StringBuilder text, string prefix, NetlinkMessage message, NetlinkDialect dialect)
    {
        text.Append(prefix);
        if (message.Type is NetlinkH.NLMSG_ERROR or NetlinkH.NLMSG_DONE)
        {
            AppendAck(text, message, dialect);
            return;
        }

        text.Append(dialect.MessageName(message.Type));
        AppendFlags(text, message, dialect);
        text.Append(" seq ")
            .Append(message.Sequence)
            .Append(": ")
            .Append(dialect.DescribeHeader(message.Type, message.Payload))
            .Append('\n');
        if (dialect.Schema(message.Type, message.Payload) is { } schema)
            AppendAttributes(text, prefix + "    ", message.Payload, schema);
    }

    private static void AppendAck(StringBuilder text, NetlinkMessage message, NetlinkDialect dialect)
    {
        text.Append(message.Type == NetlinkH.NLMSG_DONE ? "DONE" : "ACK").Append(" seq ").Append(message.Sequence);
        if ((message.Flags & NetlinkH.NLM_F_DUMP_INTR) != 0)
            text.Append(" DUMP_INTR");
        var error = NetlinkAck.Read(message, default, dialect);
        if (error is not null)
            text.Append(": ").Append(ErrnoException.Describe(error.Errno));
        if (error?.Message is not null)
            text.Append(": ").Append(error.Message);
        text.Append('\n');
    }

    private static void AppendFlags(StringBuilder text, NetlinkMessage message, NetlinkDialect dialect)
    {
        ReadOnlySpan<string> names = ["REQUEST", "MULTI", "ACK", "ECHO", "DUMP_INTR", "DUMP_FILTERED"];
        var separator = ' ';
        for (var bit = 0; bit < names.Length; bit++)
        {
            if ((message.Flags >> bit & 1) == 0)
                continue;
            text.Append(separator).Append(names[bit]);
            separator = '|';
        }

        var others = dialect.FlagNames(message.Type, message.Flags);
        if (others.Length > 0)
            text.Append(separator).Append(others);
    }

    private static void AppendAttributes(StringBuilder text, string indent, ReadOnlySpan<byte> bytes, AttributeSchema schema)
    {
        var attributes = AttributeReader.After(bytes, schema.HeaderSize);
        var kind = "";
        while (attributes.Read())
        {
            var definition = schema.Find(attributes.Type);
            text.Append(indent).Append(definition?.Name ?? Number(attributes.Type));
            if (Inside(definition, kind) is { } inside && indent.Length < 4 * MaxDepth)
            {
                text.Append('\n');
                AppendAttributes(text, indent + "    ", attributes.Value, inside);
            }
            else
            {
                AppendValue(text.Append(' '), attributes, definition?.Format ?? AttributeFormat.Bytes);
                text.Append('\n');
            }

            kind = KindAfter(kind, definition, attributes);
        }
    }

    private static AttributeSchema? Inside(AttributeDefinition? definition, string kind) =>
        definition?.Nested ?? definition?.NestedByKind?.Invoke(kind);

    private static string KindAfter(string kind, AttributeDefinition? definition, AttributeReader attribute) =>
        definition?.Format == AttributeFormat.Text ? attribute.String() : kind;

    private static void AppendValue(StringBuilder text, AttributeReader attribute, AttributeFormat format)
    {
        var value = attribute.Value;
        switch (format)
        {
            case AttributeFormat.Text:
                text.Append('"').Append(attribute.String()).Append('"');
                break;
            case AttributeFormat.Number when value.Length is 1 or 2 or 4 or 8:
                text.Append(NumberOf(value, BitConverter.IsLittleEndian));
                break;
            case AttributeFormat.NumberBigEndian when value.Length is 1 or 2 or 4 or 8:
                text.Append(NumberOf(value, false));
                break;
            case AttributeFormat.Address when value.Length is 4 or 16:
                text.Append(attribute.Address().ToString());
                break;
            case AttributeFormat.Mac when attribute.Mac() is { } mac:
                text.Append(mac.ToString());
                break;
            default:
                text.Append(value.IsEmpty ? "(empty)" : Convert.ToHexString(value));
                break;
        }
    }

    private static ulong NumberOf(ReadOnlySpan<byte> value, bool littleEndian)
    {
        Span<byte> padded = stackalloc byte[8];
        padded.Clear();
        value.CopyTo(littleEndian ? padded : padded[(8 - value.Length)..]);
        return littleEndian ? BinaryPrimitives.ReadUInt64LittleEndian(padded) : BinaryPrimitives.ReadUInt64BigEndian(padded);
    }

    private static string Number(ushort type) => "attribute " + type.ToString(CultureInfo.InvariantCulture);
}
