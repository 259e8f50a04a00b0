using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route.Traffic;

/// <summary>
/// A queueing discipline: what a link does with packets before it sends them, or when it receives them. Source: tc(8);
/// include/uapi/linux/rtnetlink.h, struct tcmsg.
/// </summary>
public sealed record Qdisc
{
    /// <summary>The link's index.</summary>
    public required int LinkIndex { get; init; }

    /// <summary>Where it is attached: <see cref="TrafficHandle.Root"/>, <see cref="TrafficHandle.Ingress"/>, or a class.</summary>
    public required TrafficHandle Parent { get; init; }

    /// <summary>Its number on the link; 0: the kernel's own default, which no program has set.</summary>
    public TrafficHandle Handle { get; init; }

    /// <summary>Its kind, such as <c>tbf</c>, <c>noqueue</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The settings of a <c>tbf</c>; null for other kinds.</summary>
    public Tbf? Tbf { get; init; }

    /// <summary>The settings of an <c>htb</c>; null for other kinds.</summary>
    public Htb? Htb { get; init; }

    internal const string OfTbf = "tbf";
    internal const string OfHtb = "htb";

    /// <summary>The <c>ingress</c> qdisc of a link, to be added: it queues nothing and holds filters.</summary>
    public static Qdisc Ingress(int linkIndex) =>
        new()
        {
            LinkIndex = linkIndex,
            Parent = TrafficHandle.Ingress,
            Handle = TrafficHandle.OfIngress,
            Kind = "ingress",
        };

    /// <summary>A token bucket <c>1:</c> for all that a link sends.</summary>
    public static Qdisc AtRoot(int linkIndex, Tbf tbf) =>
        new()
        {
            LinkIndex = linkIndex,
            Parent = TrafficHandle.Root,
            Handle = new TrafficHandle(1, 0),
            Kind = OfTbf,
            Tbf = tbf,
        };

    /// <summary>An <c>htb</c> <c>1:</c> for all that a link sends; its classes are added to it.</summary>
    public static Qdisc AtRoot(int linkIndex, Htb htb) =>
        new()
        {
            LinkIndex = linkIndex,
            Parent = TrafficHandle.Root,
            Handle = new TrafficHandle(1, 0),
            Kind = OfHtb,
            Htb = htb,
        };

    internal void Write(NetlinkWriter writer)
    {
        WriteKey(writer, LinkIndex, Parent, Handle);
        writer.WriteString(RtnetlinkH.TCA_KIND, Kind);
        using var options = writer.Nested(RtnetlinkH.TCA_OPTIONS);
        Tbf?.Write(writer);
        Htb?.Write(writer);
    }

    internal static void WriteKey(NetlinkWriter writer, int linkIndex, TrafficHandle parent, TrafficHandle handle) =>
        writer.WriteStruct(
            new TcMsg
            {
                tcm_ifindex = linkIndex,
                tcm_parent = parent.Value,
                tcm_handle = handle.Value,
            }
        );

    internal static Qdisc Read(NetlinkMessage message)
    {
        var header = message.Header<TcMsg>();
        var kind = "";
        Tbf? tbf = null;
        Htb? htb = null;
        var attributes = message.Attributes<TcMsg>();
        while (attributes.Read())
        {
            if (attributes.Type == RtnetlinkH.TCA_KIND)
                kind = attributes.String();
            else if (attributes.Type == RtnetlinkH.TCA_OPTIONS && kind == OfTbf)
                tbf = Tbf.Read(attributes.Nested());
            else if (attributes.Type == RtnetlinkH.TCA_OPTIONS && kind == OfHtb)
                htb = Htb.Read(attributes.Nested());
        }

        return new Qdisc
        {
            LinkIndex = header.tcm_ifindex,
            Parent = new TrafficHandle(header.tcm_parent),
            Handle = new TrafficHandle(header.tcm_handle),
            Kind = kind,
            Tbf = tbf,
            Htb = htb,
        };
    }
}
