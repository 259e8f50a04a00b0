using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Plugboard.Linux;
using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route.Traffic;

/// <summary>
/// A filter of a qdisc: it classifies packets, and its actions are done with those that match. Source: tc(8), tc-u32(8), tc-mirred(8).
/// </summary>
public sealed record Filter
{
    /// <summary>The link's index.</summary>
    public required int LinkIndex { get; init; }

    /// <summary>The qdisc: <c>ffff:</c> for <c>ingress</c>, <c>ffff:fff2</c> for what a link with <c>clsact</c> receives.</summary>
    public required TrafficHandle Parent { get; init; }

    /// <summary>From 1, which is asked first; tc(8) calls it <c>pref</c>. 0 where it is added: the kernel's choice.</summary>
    public ushort Priority { get; init; }

    /// <summary>The frames that it sees, by their type; <see cref="AllProtocols"/>: all.</summary>
    public ushort Protocol { get; init; }

    /// <summary>Its number within its kind; 0 where it is added: the kernel's choice.</summary>
    public uint Handle { get; init; }

    /// <summary>Its kind, such as <c>u32</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The class of what matches.</summary>
    public TrafficHandle ClassId { get; init; }

    /// <summary>
    /// What an <c>u32</c> compares, all of which must be equal; where it is added, none is <see cref="FilterKey.Any"/>. Empty for other
    /// kinds.
    /// </summary>
    public ValueArray<FilterKey> Keys { get; init; }

    /// <summary>True for an <c>u32</c> that matches every packet.</summary>
    public bool MatchesAll => Kind == U32 && Keys.All(static key => key.Mask == 0);

    /// <summary>Its actions of kind <c>mirred</c> that send packets out of another link instead, in their order.</summary>
    public ValueArray<Redirect> Redirects { get; init; }

    /// <summary>ETH_P_ALL: frames of every type (include/uapi/linux/if_ether.h).</summary>
    public const ushort AllProtocols = IfEtherH.ETH_P_ALL;

    /// <summary>ETH_P_IP: IPv4 packets (include/uapi/linux/if_ether.h).</summary>
    public const ushort IPv4Protocol = IfEtherH.ETH_P_IP;

    /// <summary>ETH_P_IPV6: IPv6 packets (include/uapi/linux/if_ether.h).</summary>
    public const ushort IPv6Protocol = IfEtherH.ETH_P_IPV6;

    internal const string U32 = "u32";
    internal const string Mirred = "mirred";

    internal void Write(NetlinkWriter writer)
    {
        WriteKey(writer);
        writer.WriteString(RtnetlinkH.TCA_KIND, Kind);
        using var options = writer.Nested(RtnetlinkH.TCA_OPTIONS);
        WriteSelector(writer);
        writer.WriteUInt32(PktClsH.TCA_U32_CLASSID, ClassId.Value);
        if (Redirects.Count == 0)
            return;
        using var actions = writer.Nested(PktClsH.TCA_U32_ACT);
        for (var i = 0; i < Redirects.Count; i++)
        {
            using var action = writer.Nested((ushort)(i + 1));
            writer.WriteString(PktClsH.TCA_ACT_KIND, Mirred);
            using var settings = writer.Nested(PktClsH.TCA_ACT_OPTIONS);
            Redirects[i].Write(writer);
        }
    }

    internal void WriteKey(NetlinkWriter writer) =>
        writer.WriteStruct(
            new TcMsg
            {
                tcm_ifindex = LinkIndex,
                tcm_handle = Handle,
                tcm_parent = Parent.Value,
                tcm_info = (uint)Priority << 16 | NetworkOrder(Protocol),
            }
        );

    private void WriteSelector(NetlinkWriter writer)
    {
        var keys = Keys.Count == 0 ? [FilterKey.Any] : Keys;
        Span<byte> selector = new byte[Unsafe.SizeOf<TcU32Sel>() + keys.Count * Unsafe.SizeOf<TcU32Key>()];
        MemoryMarshal.Write(selector, new TcU32Sel { flags = PktClsH.TC_U32_TERMINAL, nkeys = (byte)keys.Count });
        var rest = selector[Unsafe.SizeOf<TcU32Sel>()..];
        foreach (var key in keys)
        {
            MemoryMarshal.Write(rest, key.ToKernel());
            rest = rest[Unsafe.SizeOf<TcU32Key>()..];
        }

        writer.WriteBytes(PktClsH.TCA_U32_SEL, selector);
    }

    internal static ushort NetworkOrder(ushort value) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;
}

/// <summary>What an <c>u32</c> compares: 32 bits of a packet. Source: tc-u32(8); include/uapi/linux/pkt_cls.h, struct tc_u32_key.</summary>
/// <param name="Mask">The bits that count; 0: any value is equal.</param>
/// <param name="Value">What they must be, within <paramref name="Mask"/>.</param>
/// <param name="Offset">Where they begin, in bytes from the network header, a multiple of 4: 16 is an IPv4 packet's destination, 24 an IPv6
/// packet's.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct FilterKey(uint Mask, uint Value, int Offset)
{
    /// <summary>Every packet.</summary>
    public static readonly FilterKey Any;

    internal TcU32Key ToKernel() =>
        new()
        {
            mask = NetworkOrder(Mask),
            val = NetworkOrder(Value),
            off = Offset,
        };

    internal static FilterKey Of(TcU32Key key) => new(NetworkOrder(key.mask), NetworkOrder(key.val), key.off);

    private static uint NetworkOrder(uint value) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;
}

/// <summary>An action that sends a packet out of another link instead. Source: tc-mirred(8), <c>egress redirect</c>.</summary>
/// <param name="LinkIndex">The other link; 0: it is gone, and the packet is dropped.</param>
/// <param name="Verdict">What becomes of the packet here.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Redirect(int LinkIndex, FilterVerdict Verdict)
{
    internal void Write(NetlinkWriter writer)
    {
        writer.WriteStruct(
            TcMirredH.TCA_MIRRED_PARMS,
            new TcMirred
            {
                action = (int)Verdict,
                eaction = TcMirredH.TCA_EGRESS_REDIR,
                ifindex = (uint)LinkIndex,
            }
        );
    }
}

/// <summary>What an action says of a packet. Source: include/uapi/linux/pkt_cls.h, TC_ACT_*.</summary>
public enum FilterVerdict
{
    /// <summary>It goes on its way.</summary>
    Pass = PktClsH.TC_ACT_OK,

    /// <summary>The next action is done.</summary>
    Pipe = PktClsH.TC_ACT_PIPE,

    /// <summary>The action has it.</summary>
    Stolen = PktClsH.TC_ACT_STOLEN,
}
