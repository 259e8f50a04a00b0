using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Plugboard.Addresses;

namespace Plugboard.Firewall.Nftables;

/// <summary>Keys and data in nft's words.</summary>
internal static class FieldText
{
    /// <summary>The fields of a key, divided by dots; with an end, each field that differs as a prefix or a range.</summary>
    public static string Describe(IReadOnlyList<DataType> types, ReadOnlySpan<byte> key, ReadOnlySpan<byte> end = default)
    {
        var text = new StringBuilder();
        var at = 0;
        foreach (var type in types)
        {
            if (at > 0)
                text.Append(" . ");
            if (at + type.Length > key.Length)
                return Convert.ToHexString(key);
            var from = key.Slice(at, type.Length);
            var to = end.Length >= at + type.Length ? end.Slice(at, type.Length) : from;
            text.Append(to.SequenceEqual(from) ? Describe(type, from) : Range(type, from, to));
            at += type.PaddedLength;
        }

        return text.ToString();
    }

    /// <summary>A time, in nft's words.</summary>
    public static string Describe(TimeSpan time) => ((long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture) + "ms";

    /// <summary>One value.</summary>
    public static string Describe(DataType type, ReadOnlySpan<byte> value) =>
        type.Name switch
        {
            "ipv4_addr" or "ipv6_addr" => IPAddr.FromBytes(value).ToString(),
            "ether_addr" => MacAddress.FromBytes(value).ToString(),
            "inet_service" => BinaryPrimitives.ReadUInt16BigEndian(value).ToString(CultureInfo.InvariantCulture),
            "inet_proto" => value[0] switch
            {
                6 => "tcp",
                17 => "udp",
                132 => "sctp",
                var other => other.ToString(CultureInfo.InvariantCulture),
            },
            "ether_type" => $"0x{BinaryPrimitives.ReadUInt16BigEndian(value):x4}",
            "vlan_id" => BinaryPrimitives.ReadUInt16BigEndian(value).ToString(CultureInfo.InvariantCulture),
            "icmpv6_type" or "hoplimit" => value[0].ToString(CultureInfo.InvariantCulture),
            "mark" => $"0x{MemoryMarshal.Read<uint>(value):x8}",
            "integer" => MemoryMarshal.Read<uint>(value).ToString(CultureInfo.InvariantCulture),
            "ct_dir" => value[0] == 0 ? "original" : "reply",
            "ifname" => $"\"{Encoding.UTF8.GetString(value.TrimEnd((byte)0))}\"",
            _ => Convert.ToHexString(value),
        };

    private static string Range(DataType type, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        if (type.Name is "ipv4_addr" or "ipv6_addr")
        {
            var (first, last) = (IPAddr.FromBytes(from), IPAddr.FromBytes(to));
            for (var length = 0; length <= first.BitLength; length++)
            {
                if (first.Masked(length) == first && first.LastOf(length) == last)
                    return $"{first}/{length}";
            }
        }

        return $"{Describe(type, from)}-{Describe(type, to)}";
    }
}
