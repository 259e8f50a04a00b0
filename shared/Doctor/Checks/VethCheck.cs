using Plugboard.Doctor.Fixing;
using Plugboard.Doctor.Nodes;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Doctor.Checks;

/// <summary>Links on the pods' bridges that lead to no container of the runtime.</summary>
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

    // Null if a pod's namespace is not known: then no link counts as unused.
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
            return FileDescriptor.FindStatus(path.StartsWith("/proc/", StringComparison.Ordinal) ? path : node.Really(path));
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
        // The reference's links have no mark: the namespace behind the link identifies the owner.
        var isNobodys =
            spaces is not null
            && node.Namespaces.FindPeer(port) is not null
            && !spaces.Exists(space => node.Namespaces.LeadsTo(port, space));
        return isNobodys ? Orphan(port, "it leads to a namespace that no pod of the runtime has", null) : null;
    }

    // Without a cache it is unknown which containers are gone; a link with an address, or in another bridge, has another use.
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
            "it takes a port of the bridge (1023 at most), and its address belongs to no container",
            peer is null
                ? "find the owner of the namespace (`ip netns`, `lsns -t net`); if it is unused, delete it, which deletes the link"
                : $"`ip link delete {port.Name}`"
        )
        {
            Subject = port.Name,
            MayPass = true,
            Fix = peer is not null && isSafe ? new DeleteLink(port, peer) : null,
        };
}
