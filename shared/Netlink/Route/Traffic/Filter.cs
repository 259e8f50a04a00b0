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

    /// <summary>True for an <c>u32</c> that matches every packet.</summary>
    public bool MatchesAll { get; init; }

    /// <summary>Its actions of kind <c>mirred</c> that send packets out of another link instead, in their order.</summary>
    public ValueArray<Redirect> Redirects { get; init; }

    /// <summary>ETH_P_ALL: frames of every type (include/uapi/linux/if_ether.h).</summary>
    public const ushort AllProtocols = IfEtherH.ETH_P_ALL;

    internal const string U32 = "u32";
    internal const string Mirred = "mirred";

    internal void Write(NetlinkWriter writer)
    {
        WriteKey(writer);
        writer.WriteString(RtnetlinkH.TCA_KIND, Kind);
        using var options = writer.Nested(RtnetlinkH.TCA_OPTIONS);
        WriteMatchAll(writer);
        writer.WriteUInt32(PktClsH.TCA_U32_CLASSID, ClassId.Value);
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

    private static void WriteMatchAll(NetlinkWriter writer)
    {
        Span<byte> selector = stackalloc byte[Unsafe.SizeOf<TcU32Sel>() + Unsafe.SizeOf<TcU32Key>()];
        selector.Clear();
        MemoryMarshal.Write(selector, new TcU32Sel { flags = PktClsH.TC_U32_TERMINAL, nkeys = 1 });
        writer.WriteBytes(PktClsH.TCA_U32_SEL, selector);
    }

    internal static ushort NetworkOrder(ushort value) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;
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
