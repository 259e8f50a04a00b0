using System.Buffers.Binary;
using Plugboard.Addresses;
using Plugboard.Netlink.Conntrack.Uapi;
using static Plugboard.Netlink.Conntrack.Uapi.NfnetlinkConntrackH;

namespace Plugboard.Netlink.Conntrack;

/// <summary>Reads IPCTNL_MSG_CT_NEW.</summary>
internal static class FlowReader
{
    /// <summary>Null for a flow of a family other than IPv4 and IPv6, and for one that the predicate does not take.</summary>
    public static Flow? Read(NetlinkMessage message, FlowPredicate? predicate = null)
    {
        FlowTuple? original = null;
        FlowTuple? reply = null;
        var (status, id, zone) = (FlowStatus.None, 0u, (ushort)0);
        var (labels, timeout) = (UInt128.Zero, 0u);
        ReadOnlySpan<byte> key = default;
        ReadOnlySpan<byte> replyKey = default;
        var attributes = message.Attributes<NfGenMsg>();
        while (attributes.Read())
        {
            switch (attributes.Type)
            {
                case CTA_TUPLE_ORIG:
                    original = ReadTuple(attributes.Nested());
                    key = attributes.Value;
                    break;
                case CTA_TUPLE_REPLY:
                    reply = ReadTuple(attributes.Nested());
                    replyKey = attributes.Value;
                    break;
                case CTA_STATUS:
                    status = (FlowStatus)attributes.UInt32BigEndian();
                    break;
                case CTA_ID:
                    id = attributes.UInt32BigEndian();
                    break;
                case CTA_ZONE:
                    zone = attributes.UInt16BigEndian();
                    break;
                case CTA_TIMEOUT:
                    timeout = attributes.UInt32BigEndian();
                    break;
                case CTA_LABELS:
                    labels = ReadLabels(attributes.Value);
                    break;
            }
        }

        if (original is not { } forth || reply is not { } back || predicate?.Invoke(forth, back, labels) == false)
            return null;
        return new Flow(forth, back, status, id)
        {
            Key = key.ToArray(),
            ReplyKey = replyKey.ToArray(),
            Zone = zone,
            Labels = labels,
            Timeout = timeout,
        };
    }

    // Words of the kernel's order, the lowest first; older kernels have fewer.
    private static UInt128 ReadLabels(ReadOnlySpan<byte> value)
    {
        Span<byte> all = stackalloc byte[Flow.LabelBytes];
        value[..Math.Min(value.Length, all.Length)].CopyTo(all);
        return BinaryPrimitives.ReadUInt128LittleEndian(all);
    }

    private static FlowTuple? ReadTuple(AttributeReader attributes)
    {
        IPAddr? source = null;
        IPAddr? destination = null;
        var (protocol, sourcePort, destinationPort) = ((byte)0, (ushort)0, (ushort)0);
        while (attributes.Read())
        {
            if (attributes.Type == CTA_TUPLE_IP)
                (source, destination) = ReadAddresses(attributes.Nested());
            else if (attributes.Type == CTA_TUPLE_PROTO)
                (protocol, sourcePort, destinationPort) = ReadProtocol(attributes.Nested());
        }

        return source is { } from && destination is { } to ? new FlowTuple(from, to, protocol, sourcePort, destinationPort) : null;
    }

    private static (IPAddr? Source, IPAddr? Destination) ReadAddresses(AttributeReader attributes)
    {
        IPAddr? source = null;
        IPAddr? destination = null;
        while (attributes.Read())
        {
            if (attributes.Type is CTA_IP_V4_SRC or CTA_IP_V6_SRC)
                source = attributes.Address();
            else if (attributes.Type is CTA_IP_V4_DST or CTA_IP_V6_DST)
                destination = attributes.Address();
        }

        return (source, destination);
    }

    private static (byte Protocol, ushort SourcePort, ushort DestinationPort) ReadProtocol(AttributeReader attributes)
    {
        var (protocol, source, destination) = ((byte)0, (ushort)0, (ushort)0);
        while (attributes.Read())
        {
            if (attributes.Type == CTA_PROTO_NUM)
                protocol = attributes.UInt8();
            else if (attributes.Type == CTA_PROTO_SRC_PORT)
                source = attributes.UInt16BigEndian();
            else if (attributes.Type == CTA_PROTO_DST_PORT)
                destination = attributes.UInt16BigEndian();
        }

        return (protocol, source, destination);
    }
}
