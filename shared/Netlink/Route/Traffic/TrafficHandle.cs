using System.Globalization;
using Plugboard.Netlink.Route.Uapi;

namespace Plugboard.Netlink.Route.Traffic;

/// <summary>
/// The number of a qdisc or a class, or the place where one is attached: a major and a minor part of 16 bits. Source: tc(8), HANDLES;
/// include/uapi/linux/pkt_sched.h, TC_H_*.
/// </summary>
/// <param name="Value">Both parts, the major one in the upper half.</param>
public readonly record struct TrafficHandle(uint Value)
{
    /// <summary>The place of the qdisc for what a link sends.</summary>
    public static readonly TrafficHandle Root = new(PktSchedH.TC_H_ROOT);

    /// <summary>The place of the qdisc for what a link receives, <c>ingress</c> or <c>clsact</c>.</summary>
    public static readonly TrafficHandle Ingress = new(PktSchedH.TC_H_INGRESS);

    /// <summary>The handle that the kernel gives a qdisc at <see cref="Ingress"/>: <c>ffff:</c>.</summary>
    public static readonly TrafficHandle OfIngress = new(0xffff, 0);

    /// <summary>Of its parts.</summary>
    public TrafficHandle(ushort major, ushort minor)
        : this((uint)major << 16 | minor) { }

    /// <summary>The upper half.</summary>
    public ushort Major => (ushort)(Value >> 16);

    /// <summary>The lower half.</summary>
    public ushort Minor => (ushort)Value;

    /// <summary>As tc(8) prints it: <c>1:</c>, <c>ffff:fff1</c>, <c>root</c>.</summary>
    public override string ToString() =>
        this == Root ? "root"
        : Minor == 0 ? string.Create(CultureInfo.InvariantCulture, $"{Major:x}:")
        : string.Create(CultureInfo.InvariantCulture, $"{Major:x}:{Minor:x}");
}
