using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Combined.Bandwidth;

/// <summary>Finds the link on the host that leads to a pod's interface: the other end of its veth pair.</summary>
internal static class PodEnd
{
    /// <summary>The link on the host, for ADD and CHECK.</summary>
    /// <exception cref="CniException">Code 7: it is absent, or the plugins before do not list it.</exception>
    public static Link Get(RouteClient host, CniRequest request, CniResult result)
    {
        if (result.Interfaces.Count == 0)
            throw Wrong("no interfaces provided", "the result of the plugin before lists no interface");
        using var pod = NetworkNamespace.Open(request.NetNs);
        var name = request.IfName;
        var container =
            pod.Inside(inside => inside.Links.Find(name))
            ?? throw Wrong($"container interface {name} has no veth peer: the container has no interface {name}", NeedsVeth);
        if (container.Kind != "veth")
            throw Wrong($"container interface {name} has no veth peer: interface \"{name}\" was not a veth interface", NeedsVeth);
        var end =
            FindOther(host, container, pod) ?? throw Wrong($"veth peer with index {container.PeerIndex} is not in host ns", NeedsVeth);
        return result.Interfaces.Any(each => each.Sandbox.Length == 0 && each.Name == end.Name)
            ? end
            : throw Wrong(
                "no veth peer of container interface found in host ns",
                $"{end.Name} leads to the container's {name}, and the result of the plugins before does not list it"
            );
    }

    /// <summary>The link on the host, for DEL; null if the pod's namespace or its interface is gone, or another pod's by now.</summary>
    public static Link? Find(RouteClient host, CniRequest request, string plugin)
    {
        if (PodNamespace.Find(request.NetNs, plugin) is not { } found)
            return null;
        using (found)
            return
                found.Inside(inside => inside.Links.Find(request.IfName)) is { Kind: "veth" } inner
                && FindOther(host, inner, found) is { } end
                && !InterfaceOwner.Names(end, request.Attachment)
                ? end
                : null;
    }

    // Indices count in each namespace: those of a pair between two other namespaces, or within this one, may be the same.
    private static Link? FindOther(RouteClient host, Link container, NetworkNamespace pod) =>
        host.Links.Find(container.PeerIndex) is { Kind: "veth" } end
        && end.PeerIndex == container.Index
        && end.LinkNetNsId is { } number
        && number == host.Namespaces.FindNumber(pod)
            ? end
            : null;

    private const string NeedsVeth =
        "bandwidth limits the host's end of a veth pair: it comes after bridge, ptp or another plugin that makes a pair, not after macvlan "
        + "or ipvlan";

    private static CniException Wrong(string message, string details) => new(CniErrorCode.InvalidNetworkConfig, message, details);
}
