using Plugboard.Firewall.HostPorts;
using Plugboard.Linux;
using Plugboard.Netlink.Route;

namespace Plugboard.Portmap;

/// <summary>
/// The link to which packets from 127.0.0.0/8 have to be routed for localhost to reach a pod. The kernel does so where the link's
/// route_localnet is 1; it is opened once the rules keep strangers from reaching 127.0.0.0/8 by that link.
/// </summary>
/// <param name="link">The link's name.</param>
internal sealed class LocalhostRoute(string link)
{
    /// <summary>The link.</summary>
    public string Link => link;

    private string Setting => $"net/ipv4/conf/{link}/route_localnet";

    /// <summary>The link that leads to a pod; null where localhost is not to reach it, or no link leads there.</summary>
    public static LocalhostRoute? Find(PodHostPorts forward)
    {
        if (forward.IPv4 is not { } pod || !forward.Snat || !IsPublished(forward))
            return null;
        using var host = RouteClient.Open();
        return host.Routes.Get(pod.Address) is { } route && host.Links.Find(route.OutInterface) is { } link
            ? new LocalhostRoute(link.Name)
            : null;
    }

    private static bool IsPublished(PodHostPorts forward)
    {
        foreach (var port in forward.Ports)
        {
            if (port.IsOf(is6: false))
                return true;
        }

        return false;
    }

    /// <summary>Opens it.</summary>
    public void Open(Rollback rollback)
    {
        if (Sysctl.Ensure(Setting, "1") is { } had && had != "1")
            rollback.OnFailure($"set {Setting} back to {had}", () => Sysctl.Write(Setting, had));
    }

    /// <summary>What is wrong, in words; null where nothing is.</summary>
    public string? FindDifference() => Sysctl.Find(Setting) == "1" ? null : $"{Setting} is not 1: localhost does not reach the pod";
}
