using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Netlink.Route.Uapi.RtnetlinkH;
using static Plugboard.Netlink.Uapi.NetlinkH;

namespace Plugboard.Netlink.Route;

/// <summary>The routes of a namespace. Every refusal is a <see cref="NetlinkException"/>. Source: rtnetlink(7); ip-route(8).</summary>
public sealed class RouteTable
{
    private readonly NetlinkSocket socket;

    internal RouteTable(NetlinkSocket socket) => this.socket = socket;

    /// <summary>Adds a route.</summary>
    /// <exception cref="NetlinkException">EEXIST, see <see cref="RouteAddMode"/>; ENETUNREACH: the gateway is not reachable; ENETDOWN: the
    /// link is down.</exception>
    public void Add(RouteSpec route, RouteAddMode mode = RouteAddMode.Create)
    {
        var request = socket.NewRequest();
        WriteNew(request, route, mode);
        socket.Execute(request, route.ToString);
    }

    /// <summary>
    /// Removes a route; false if it was gone already (ESRCH). What the route names has to be the same there, the protocol and the type
    /// always; with
    /// <see cref="Route.ToSpec"/> of a listed route it is that one and no other.
    /// </summary>
    public bool Delete(RouteSpec route)
    {
        var request = socket.NewRequest();
        WriteDelete(request, route);
        return socket.ExecuteUnlessAbsent(request, route.ToString, Errno.ESRCH);
    }

    internal static void WriteNew(NetlinkWriter writer, RouteSpec route, RouteAddMode mode)
    {
        var how = mode switch
        {
            RouteAddMode.CreateExclusive => NLM_F_EXCL,
            RouteAddMode.Replace => NLM_F_REPLACE,
            RouteAddMode.Append => NLM_F_APPEND,
            _ => 0,
        };
        using var message = writer.Message(RTM_NEWROUTE, (ushort)(NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | how));
        RouteWriter.Write(writer, route);
    }

    internal static void WriteDelete(NetlinkWriter writer, RouteSpec route)
    {
        using var message = writer.Message(RTM_DELROUTE, NLM_F_REQUEST | NLM_F_ACK);
        RouteWriter.Write(writer, route.Scope is null ? route with { Scope = RouteScope.Nowhere } : route);
    }

    /// <summary>The routes that pass a filter, in the kernel's order; without the copies it keeps for single destinations.</summary>
    /// <exception cref="NetlinkException">ENODEV: the filter's link does not exist.</exception>
    public IReadOnlyList<Route> List(RouteFilter filter = default)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP))
        {
            request.WriteStruct(
                new RtMsg { rtm_family = (byte)filter.Family, rtm_protocol = (byte)(filter.Protocol ?? RouteProtocol.Unspecified) }
            );
            if (filter.OutInterface != 0)
                request.WriteUInt32(RTA_OIF, (uint)filter.OutInterface);
            if (filter.Table is { } table)
                request.WriteUInt32(RTA_TABLE, (uint)table);
        }

        return socket.Dump(request, () => "routes", message => Passes(RouteReader.Read(message), filter), Errno.ENOENT);
    }

    // A kernel before 4.20 ignores the filter; every kernel ignores the link for a multipath route with one such hop.
    private static Route? Passes(Route? route, RouteFilter filter)
    {
        if (route is null || route.IsCloned)
            return null;
        var passes =
            (filter.Table is null || route.Table == filter.Table)
            && (filter.OutInterface == 0 || route.IsMultipath || route.OutInterface == filter.OutInterface)
            && (filter.Protocol is null || route.Protocol == filter.Protocol);
        return passes ? route : null;
    }

    /// <summary>The route that a packet to an address would take; null if there is no route (ENETUNREACH).</summary>
    /// <exception cref="NetlinkException">EHOSTUNREACH, EACCES, EINVAL: an unreachable, prohibit or blackhole route.</exception>
    public Route? Get(IPAddr destination) => Get(new RouteQuestion(destination));

    /// <summary>The same for a packet of which more is known, which rules may ask for (ip-rule(8)).</summary>
    /// <exception cref="NetlinkException">As the other; also what the kernel has against the packet: EXDEV or EINVAL, its sender would not
    /// be answered by the link that it comes by (rp_filter), EHOSTUNREACH, that link does not forward.</exception>
    public Route? Get(RouteQuestion question)
    {
        var destination = question.Destination;
        var request = socket.NewRequest();
        using (request.Message(RTM_GETROUTE, NLM_F_REQUEST))
        {
            request.WriteStruct(
                new RtMsg
                {
                    rtm_family = destination.Is6 ? SocketH.AF_INET6 : SocketH.AF_INET,
                    rtm_dst_len = (byte)destination.BitLength,
                    rtm_src_len = (byte)(question.Source?.BitLength ?? 0),
                    // IPv4 says the main table otherwise, whichever it was; IPv6 says it anyhow and refuses the flag.
                    rtm_flags = destination.Is6 ? 0 : RTM_F_LOOKUP_TABLE,
                }
            );
            request.WriteAddress(RTA_DST, destination);
            if (question.Source is { } source)
                request.WriteAddress(RTA_SRC, source);
            if (question.InInterface != 0)
                request.WriteUInt32(RTA_IIF, (uint)question.InInterface);
            if (question.OutInterface != 0)
                request.WriteUInt32(RTA_OIF, (uint)question.OutInterface);
        }

        return socket.Find(request, () => destination.ToString(), Errno.ENETUNREACH, RouteReader.Read);
    }
}
