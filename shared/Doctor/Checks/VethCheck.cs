using Plugboard.Doctor.Fixing;
using Plugboard.Doctor.Nodes;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Doctor.Checks;

/// <summary>Links on the pods' bridges that lead to nobody whom the runtime knows.</summary>
internal sealed class VethCheck : ICheck
{
    public string Name => "pods' links";

    public IEnumerable<Finding> Examine(Node node)
    {
        var spaces = node.CacheTells ? NamespacesOfPods(node) : null;
        foreach (var port in node.PodPorts)
        {
            if (FindOrphan(node, port, spaces) is { } finding)
                yield return finding;
        }
    }

    // Null where a pod's namespace is not known: then no link is nobody's.
    private static List<FileStatus>? NamespacesOfPods(Node node)
    {
        var spaces = new List<FileStatus>();
        foreach (var pod in node.Cache!.Pods)
        {
            if (pod.NetNs.Length == 0)
                return null;
            if (FindStatus(node, pod.NetNs) is not { } status)
                return null;
            spaces.Add(status);
        }

        return spaces;
    }

    // /proc/…/ns/net is of this process's own /proc, whatever the node's root is.
    private static FileStatus? FindStatus(Node node, string path)
    {
        try
        {
            return FileDescriptor.FindStatus(path.StartsWith("/proc/", StringComparison.Ordinal) ? path : node.Under(path));
        }
        catch (ErrnoException)
        {
            return null;
        }
    }

    private static Finding? FindOrphan(Node node, Link port, List<FileStatus>? spaces)
    {
        var alias = PodAlias.Parse(port.Alias);
        var isKnown = alias is { } owner && node.KnowsContainer(owner.ContainerId);
        if (port.LinkNetNsId is null && node.Links.FirstOrDefault(link => link.Index == port.PeerIndex) is { } peer)
            return alias is null || isKnown
                ? null
                : Orphan(
                    port,
                    $"both its ends are on the node, the other is {peer.Name}: an ADD that was killed",
                    peer,
                    IsUnused(node, port, peer)
                );
        if (!node.CacheTells || isKnown)
            return null;
        if (alias is { } gone)
            return Orphan(port, $"it is of container {gone.ContainerId}, which the runtime does not know", null);
        // The reference's links bear no mark: whose it is tells the namespace it leads to.
        var isNobodys =
            spaces is not null
            && node.Namespaces.FindPeer(port) is not null
            && !spaces.Exists(space => node.Namespaces.LeadsTo(port, space));
        return isNobodys ? Orphan(port, "it leads to a namespace that no pod of the runtime has", null) : null;
    }

    // Without a cache a container cannot be told to be gone; with an address, or in another bridge, somebody has found a use for it.
    private static bool IsUnused(Node node, Link port, Link peer) =>
        node.CacheTells
        && peer.MasterIndex == 0
        && !node.Addresses.Any(address =>
            address.Scope == RouteScope.Universe && (address.LinkIndex == port.Index || address.LinkIndex == peer.Index)
        );

    private static Finding Orphan(Link port, string how, Link? peer, bool isSafe = false) =>
        new(
            FindingIds.VethOrphaned,
            Severity.Warning,
            $"{port.Name}: {how}",
            "it takes a port of the bridge (1023 at most), and its address answers to nobody's container",
            peer is null
                ? "see who keeps the namespace (`ip netns`, `lsns -t net`); where nobody needs it, delete it, and the link goes with it"
                : $"`ip link delete {port.Name}`"
        )
        {
            Subject = port.Name,
            MayPass = true,
            Fix = peer is not null && isSafe ? new DeleteLink(port, peer) : null,
        };
}
