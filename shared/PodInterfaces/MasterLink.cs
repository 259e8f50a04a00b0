using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.PodInterfaces;

/// <summary>Finds the link below a child link: the one that the config names, or that of the default route.</summary>
/// <param name="client">A client of the master's namespace.</param>
/// <param name="child">What the config says.</param>
public sealed class MasterLink(RouteClient client, ChildLink child)
{
    private string Where => child.IsMasterInContainer ? "the container" : "this node";

    /// <summary>The master.</summary>
    /// <param name="code">The code of the error.</param>
    /// <exception cref="CniException">It is not there, or the MTU is negative or greater than its.</exception>
    public Link Find(CniErrorCode code)
    {
        var master = child.Master.Length > 0 ? FindNamed(code) : FindByRoute(code);
        if (child.Mtu < 0 || child.Mtu > master.Mtu)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"invalid MTU {child.Mtu}, must be [0, master MTU({master.Mtu})]",
                child.Mtu < 0
                    ? $"correct mtu in the network config: 0, or none, is that of {master.Name}"
                    : $"lower mtu in the network config, or raise that of {master.Name}"
            );
        }

        return master;
    }

    private Link FindNamed(CniErrorCode code) =>
        client.Links.Find(child.Master)
        ?? throw new CniException(
            code,
            $"failed to lookup master \"{child.Master}\": Link not found",
            $"{Where} has no interface {child.Master}: correct master in the network config"
                + (child.IsMasterInContainer ? ", or remove linkInContainer" : "")
        );

    // As the kernel would choose: IPv4 before IPv6, the least metric.
    private Link FindByRoute(CniErrorCode code)
    {
        foreach (var family in (ReadOnlySpan<AddressFamily>)[AddressFamily.IPv4, AddressFamily.IPv6])
        {
            var routes = client.Routes.List(new RouteFilter(family)).Where(static route => route.Dst.IsDefault && IsUsed(route));
            if (routes.MinBy(static route => route.Priority) is not { } route)
                continue;
            if (route.OutInterface == 0)
            {
                throw new CniException(
                    code,
                    "no default route interface found: the default route has several next hops",
                    "name one interface as master in the network config"
                );
            }

            return client.Links.Find(route.OutInterface) ?? throw NoDefaultRoute(code);
        }

        throw NoDefaultRoute(code);
    }

    private static bool IsUsed(Route route) => route is { Type: RouteType.Unicast, Table: 254 };

    private CniException NoDefaultRoute(CniErrorCode code) =>
        new(code, "no default route interface found", $"{Where} has no default route: name the interface as master in the network config");
}
