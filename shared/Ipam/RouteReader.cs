using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam;

/// <summary>Reads <c>ipam.routes</c> and refuses what no kernel would take for any address of the network. Pure.</summary>
internal static class RouteReader
{
    private const int LargestScope = 254; // include/uapi/linux/rtnetlink.h: RT_SCOPE_HOST; RT_SCOPE_NOWHERE is no route's

    /// <summary>Reads the list; a route with a problem may be missing in what is returned.</summary>
    public static List<CniRoute> Read(ConfigNode keys, ConfigProblems problems)
    {
        var routes = new List<CniRoute>();
        foreach (var node in problems.Read("ipam.routes", () => keys.GetList("routes")) ?? [])
        {
            if (!problems.ReadObject(node))
                continue;
            var before = problems.Count;
            var destination = problems.Read($"{node.Path}.dst", () => node.FindPrefix("dst"));
            if (destination is null)
            {
                if (problems.Count == before)
                    problems.Add($"{node.Path}.dst", "a route needs a dst");
                continue;
            }

            var route = new CniRoute(destination.Value)
            {
                Gw = problems.Read($"{node.Path}.gw", () => node.FindAddress("gw")),
                Mtu = ReadNumber(node, "mtu", problems) ?? 0,
                AdvMss = ReadNumber(node, "advmss", problems) ?? 0,
                Priority = ReadPriority(node, problems),
                Table = ReadNumber(node, "table", problems),
                Scope = ReadNumber(node, "scope", problems),
            };
            if (problems.Count == before)
                Validate(node.Path, route, problems);
            routes.Add(route);
        }

        return routes;
    }

    private static int? ReadNumber(ConfigNode node, string key, ConfigProblems problems)
    {
        var number = problems.Read($"{node.Path}.{key}", () => node.FindInt(key));
        if (number < 0)
            problems.Add($"{node.Path}.{key}", $"{key} {number.Value} of a route is negative");
        return number;
    }

    private static long ReadPriority(ConfigNode node, ConfigProblems problems)
    {
        var priority = problems.Read($"{node.Path}.priority", () => node.FindInt64("priority")) ?? 0;
        if (priority < 0)
            problems.Add($"{node.Path}.priority", $"priority {priority} of a route is negative");
        else if (priority > uint.MaxValue)
            problems.Add($"{node.Path}.priority", $"priority {priority} of a route is above {uint.MaxValue}");
        return priority;
    }

    private static void Validate(string path, CniRoute route, ConfigProblems problems)
    {
        var destination = route.Dst;
        // For IPv6 the kernel cuts them off (net/ipv6/route.c, ip6_route_info_create), and configs have them, as the reference's README.
        if (!destination.IsNetwork && !destination.Is6)
            problems.Add(
                $"{path}.dst",
                $"dst {destination} has host bits set: the network is {destination.Network}, the single host "
                    + $"{IPPrefix.Host(destination.Address)}"
            );
        if (route.Scope > LargestScope)
            problems.Add(
                $"{path}.scope",
                $"scope {route.Scope.Value} is invalid for a route: 0 is global, 253 on the link, 254 on the host"
            );
        if (route.Gw is { } gateway && FindGatewayFault(route, gateway) is { } fault)
            problems.Add($"{path}.gw", $"gw {gateway} {fault}");
    }

    // 0.0.0.0 and :: are the kernel's for "no gateway".
    private static string? FindGatewayFault(CniRoute route, IPAddr gateway)
    {
        if (gateway.Is6 != route.Dst.Is6)
            return $"is {(gateway.Is6 ? "IPv6" : "IPv4")}, the route's dst {route.Dst} is {(route.Dst.Is6 ? "IPv6" : "IPv4")}";
        if (gateway.IsUnspecified)
            return null;
        if (PodAddress.FindBlock(gateway, gateway) is { } block)
            return $"is in {block}: no router can have such an address";
        return route.IsOnLink && !gateway.Is6 ? $"contradicts scope {route.Scope}: such a route has no gateway" : null;
    }
}
