using System.Text;
using Plugboard.Addresses;
using Plugboard.Dhcp.Wire;
using Plugboard.Protocols.Cni;

namespace Plugboard.Dhcp.Client;

/// <summary>What a plugin reports of a lease: address, routes, DNS. Source: RFC 2132, 3442, 3397. Pure.</summary>
internal static class LeaseResult
{
    private const int ScopeLink = 253; // include/uapi/linux/rtnetlink.h
    private const int SmallestMtu = 68;
    private const int MostNames = 100;

    /// <summary>The result.</summary>
    /// <param name="lease">The lease.</param>
    /// <param name="priority">The metric of each route; 0: the kernel's.</param>
    /// <param name="linkMtu">The MTU of the interface: a smaller one that the server says is that of the routes.</param>
    public static CniResult From(Lease lease, long priority, int linkMtu)
    {
        var ack = lease.Ack;
        var routers = ack.FindAddresses(DhcpOption.Routers);
        var mtu = ack.Find(DhcpOption.InterfaceMtu) is [var high, var low] ? high << 8 | low : 0;
        var routeMtu = mtu >= SmallestMtu && mtu < linkMtu ? mtu : 0;
        return new CniResult
        {
            IPs = [new CniIP(lease.Address) { Gateway = routers.Count > 0 ? routers[0] : null }],
            Routes =
            [
                .. WithHopsOnLink(lease.Address, Routes(ack, routers)).Select(route => route with { Priority = priority, Mtu = routeMtu }),
            ],
            Dns = new CniDns
            {
                Nameservers = [.. ack.FindAddresses(DhcpOption.DomainNameServers).Select(static each => each.ToString())],
                Domain = Text(ack.Find(DhcpOption.DomainName)),
                Search = ReadNames(ack.Find(DhcpOption.DomainSearch) ?? []),
            },
        };
    }

    // A router outside of the lease's network is on the link: who gives a /32, as clouds do, means that, and other clients take it so.
    private static IEnumerable<CniRoute> WithHopsOnLink(IPPrefix address, IReadOnlyList<CniRoute> routes)
    {
        var added = new List<CniRoute>();
        foreach (var route in routes)
        {
            if (route.IsOnLink || route.Gw is not { IsUnspecified: false } hop || address.Contains(hop))
                continue;
            if (!routes.Concat(added).Any(each => each.IsOnLink && each.Dst.Contains(hop)))
                added.Add(new CniRoute(IPPrefix.Host(hop)) { Scope = ScopeLink });
        }

        return added.Concat(routes);
    }

    // RFC 3442: a client that has option 121 ignores routers and option 33.
    private static IReadOnlyList<CniRoute> Routes(DhcpMessage ack, IReadOnlyList<IPAddr> routers)
    {
        if (ack.Find(DhcpOption.ClasslessStaticRoutes) is { Length: > 0 } classless)
            return ReadClassless(classless);
        var routes = new List<CniRoute>();
        var pairs = ack.FindAddresses(DhcpOption.StaticRoutes);
        for (var at = 0; at + 1 < pairs.Count; at += 2)
        {
            if (!pairs[at].IsUnspecified)
                routes.Add(new CniRoute(Classful(pairs[at])) { Gw = pairs[at + 1] });
        }

        if (routers.Count > 0)
            routes.Add(new CniRoute(IPPrefix.Default(is6: false)) { Gw = routers[0] });
        return routes;
    }

    private static List<CniRoute> ReadClassless(ReadOnlySpan<byte> bytes)
    {
        var routes = new List<CniRoute>();
        while (!bytes.IsEmpty && bytes[0] <= 32)
        {
            var length = bytes[0];
            var significant = (length + 7) / 8;
            if (bytes.Length < 1 + significant + 4)
                break;
            var destination = 0u;
            for (var i = 0; i < significant; i++)
                destination |= (uint)bytes[1 + i] << (24 - 8 * i);
            var router = IPAddr.FromBytes(bytes.Slice(1 + significant, 4));
            routes.Add(
                new CniRoute(new IPPrefix(IPAddr.V4(destination), length).Network)
                {
                    Gw = router,
                    Scope = router.IsUnspecified ? ScopeLink : null,
                }
            );
            bytes = bytes[(1 + significant + 4)..];
        }

        return routes;
    }

    // RFC 791, 2.3: classes A, B and C.
    private static IPPrefix Classful(IPAddr address) =>
        new IPPrefix(
            address,
            (int)((uint)address.Value >> 24) switch
            {
                < 128 => 8,
                < 192 => 16,
                _ => 24,
            }
        ).Network;

    private static string Text(byte[]? bytes)
    {
        var text = Encoding.UTF8.GetString(bytes ?? []).TrimEnd('\0');
        return IsName(text) ? text : "";
    }

    /// <summary>Names one after the other; what is cut off ends the list. Source: RFC 1035, 3.1, 4.1.4.</summary>
    public static List<string> ReadNames(byte[] bytes)
    {
        var names = new List<string>();
        for (var at = 0; at < bytes.Length && names.Count < MostNames; )
        {
            if (ReadName(bytes, ref at) is not { } name)
                break;
            if (name.Length > 0 && IsName(name))
                names.Add(name);
        }

        return names;
    }

    // RFC 1035, 4.1.4: a name's end may be the end of another one before it.
    private static string? ReadName(byte[] bytes, ref int at)
    {
        var labels = new List<string>();
        var next = -1;
        for (var here = at; here < bytes.Length && labels.Count < MostNames; )
        {
            var length = bytes[here];
            var isPointer = length >= 0xc0;
            if (length > 63 && !isPointer || here + (isPointer ? 1 : length) >= bytes.Length)
                return null;
            if (length == 0)
            {
                at = next < 0 ? here + 1 : next;
                return string.Join('.', labels);
            }

            var target = isPointer ? (length & 0x3f) << 8 | bytes[here + 1] : here + 1 + length;
            if (isPointer && target >= here)
                return null;
            if (isPointer && next < 0)
                next = here + 2;
            if (!isPointer)
                labels.Add(Encoding.UTF8.GetString(bytes, here + 1, length));
            here = target;
        }

        return null;
    }

    // A server's text lands in resolv.conf(5), where a blank or a line's end begins something else.
    private static bool IsName(string text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_'))
                return false;
        }

        return true;
    }
}
