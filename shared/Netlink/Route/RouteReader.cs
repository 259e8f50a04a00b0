using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Netlink.Route.Uapi.RtnetlinkH;

namespace Plugboard.Netlink.Route;

/// <summary>RTM_NEWROUTE to <see cref="Route"/>: the attributes are gathered here, the record is made once.</summary>
internal ref struct RouteReader
{
    private IPAddr? destination;
    private IPAddr? gateway;
    private IPAddr? source;
    private int outInterface;
    private uint priority;
    private int table;
    private int mtu;
    private int advMss;
    private bool multipath;
    private List<NextHop>? hops;

    /// <summary>Null for what is no IPv4 or IPv6 route.</summary>
    public static Route? Read(NetlinkMessage message)
    {
        var header = message.Header<RtMsg>();
        if (header.rtm_family is not (SocketH.AF_INET or SocketH.AF_INET6))
            return null;
        var reader = new RouteReader { table = header.rtm_table };
        var attributes = message.Attributes<RtMsg>();
        while (attributes.Read())
            reader.Gather(attributes);
        return reader.ToRoute(header);
    }

    private void Gather(AttributeReader attribute)
    {
        switch (attribute.Type)
        {
            case RTA_DST:
                destination = attribute.Address();
                break;
            case RTA_GATEWAY:
                gateway = attribute.Address();
                break;
            case RTA_VIA:
                gateway = Via(attribute.Value);
                break;
            case RTA_PREFSRC:
                source = attribute.Address();
                break;
            case RTA_OIF:
                outInterface = attribute.Int32();
                break;
            case RTA_PRIORITY:
                priority = attribute.UInt32();
                break;
            case RTA_TABLE:
                table = attribute.Int32();
                break;
            case RTA_METRICS:
                GatherMetrics(attribute.Nested());
                break;
            case RTA_MULTIPATH:
                multipath = true;
                hops = ReadHops(attribute.Value);
                break;
        }
    }

    private void GatherMetrics(AttributeReader metrics)
    {
        while (metrics.Read())
        {
            if (metrics.Type == RTAX_MTU)
                mtu = metrics.Int32();
            else if (metrics.Type == RTAX_ADVMSS)
                advMss = metrics.Int32();
        }
    }

    private static List<NextHop> ReadHops(ReadOnlySpan<byte> rest)
    {
        var size = Unsafe.SizeOf<RtNextHop>();
        var found = new List<NextHop>();
        while (rest.Length >= size)
        {
            var head = MemoryMarshal.Read<RtNextHop>(rest);
            if (head.rtnh_len < size || head.rtnh_len > rest.Length)
                throw new NetlinkFormatException($"a next hop of {head.rtnh_len} bytes with {rest.Length} bytes left");
            found.Add(ReadHop(head, new AttributeReader(rest[size..head.rtnh_len])));
            rest = rest[Math.Min(NetlinkWriter.Align(head.rtnh_len), rest.Length)..];
        }

        return found;
    }

    private static NextHop ReadHop(RtNextHop head, AttributeReader attributes)
    {
        IPAddr? router = null;
        while (attributes.Read())
        {
            if (attributes.Type == RTA_GATEWAY)
                router = attributes.Address();
            else if (attributes.Type == RTA_VIA)
                router = Via(attributes.Value);
        }

        return new NextHop(head.rtnh_ifindex, router, (head.rtnh_flags & RTNH_F_DEAD) != 0);
    }

    // struct rtvia: the family in two bytes, then the address.
    private static IPAddr? Via(ReadOnlySpan<byte> value) => value.Length is 6 or 18 ? IPAddr.FromBytes(value[2..]) : null;

    private readonly Route ToRoute(RtMsg header)
    {
        var is6 = header.rtm_family == SocketH.AF_INET6;
        var address = destination ?? IPPrefix.Default(is6).Address;
        return new Route
        {
            Dst = new IPPrefix(address, Math.Min((int)header.rtm_dst_len, address.BitLength)),
            Gateway = gateway,
            OutInterface = outInterface,
            Priority = priority,
            Table = table,
            IsSelective = header.rtm_tos != 0 || header.rtm_src_len != 0,
            Scope = (RouteScope)header.rtm_scope,
            Protocol = (RouteProtocol)header.rtm_protocol,
            Type = (RouteType)header.rtm_type,
            Source = source,
            Mtu = mtu,
            AdvMss = advMss,
            OnLink = (header.rtm_flags & RTNH_F_ONLINK) != 0,
            IsMultipath = multipath,
            NextHops = hops is null ? [] : hops.ToValueArray(),
            IsDead = (header.rtm_flags & RTNH_F_DEAD) != 0,
            IsCloned = (header.rtm_flags & RTM_F_CLONED) != 0,
        };
    }
}
