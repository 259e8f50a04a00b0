using System.Runtime.InteropServices;
using Plugboard.Addresses;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Netlink.Route.Uapi.RtnetlinkH;

namespace Plugboard.Netlink.Route;

/// <summary><see cref="RouteSpec"/> to RTM_NEWROUTE and RTM_DELROUTE.</summary>
internal static class RouteWriter
{
    public static void Write(NetlinkWriter writer, RouteSpec route)
    {
        var table = route.Table ?? RT_TABLE_MAIN;
        writer.WriteStruct(
            new RtMsg
            {
                rtm_family = route.Dst.Is6 ? SocketH.AF_INET6 : SocketH.AF_INET,
                rtm_dst_len = (byte)route.Dst.Length,
                rtm_table = table < 256 ? (byte)table : RT_TABLE_UNSPEC,
                rtm_protocol = (byte)route.Protocol,
                rtm_scope = (byte)(route.Scope ?? RouteScope.Universe),
                rtm_type = (byte)route.Type,
                rtm_flags = route.OnLink ? RTNH_F_ONLINK : 0,
            }
        );
        if (route.Dst.Length > 0)
            writer.WriteAddress(RTA_DST, route.Dst.Network.Address);
        if (route.Gateway is { } gateway)
            WriteGateway(writer, gateway, route.Dst.Is6);
        if (route.Source is { } source)
            writer.WriteAddress(RTA_PREFSRC, source);
        if (route.OutInterface != 0)
            writer.WriteUInt32(RTA_OIF, (uint)route.OutInterface);
        if (route.Priority != 0)
            writer.WriteUInt32(RTA_PRIORITY, route.Priority);
        if (table >= 256)
            writer.WriteUInt32(RTA_TABLE, (uint)table);
        if (route.Mtu != 0 || route.AdvMss != 0)
            WriteMetrics(writer, route);
    }

    private static void WriteGateway(NetlinkWriter writer, IPAddr gateway, bool is6)
    {
        if (gateway.Is6 == is6)
        {
            writer.WriteAddress(RTA_GATEWAY, gateway);
            return;
        }

        // struct rtvia: the family in two bytes, then the address.
        Span<byte> via = stackalloc byte[2 + 16];
        MemoryMarshal.Write(via, (ushort)(gateway.Is6 ? SocketH.AF_INET6 : SocketH.AF_INET));
        gateway.WriteBytes(via[2..]);
        writer.WriteBytes(RTA_VIA, via[..(2 + gateway.ByteCount)]);
    }

    private static void WriteMetrics(NetlinkWriter writer, RouteSpec route)
    {
        using var metrics = writer.Nested(RTA_METRICS);
        if (route.Mtu != 0)
            writer.WriteUInt32(RTAX_MTU, (uint)route.Mtu);
        if (route.AdvMss != 0)
            writer.WriteUInt32(RTAX_ADVMSS, (uint)route.AdvMss);
    }
}
