using Plugboard.Doctor.Fixing;
using Plugboard.Doctor.Nodes;
using Plugboard.Ipam.HostLocal;

namespace Plugboard.Doctor.Checks;

/// <summary>host-local's leases against the runtime's cache, and both against the addresses that are in use.</summary>
internal sealed class LeaseCheck : ICheck
{
    public string Name => "leases";

    public IEnumerable<Finding> Examine(Node node)
    {
        foreach (var torn in node.Leases.Where(lease => lease.Content.State == LeaseState.Torn && lease.Age >= node.Options.Grace))
            yield return Torn(node, torn);
        if (!node.CacheTells)
        {
            foreach (var finding in WithoutCache(node))
                yield return finding;
            yield break;
        }

        foreach (var stale in node.Leases.Where(lease => IsStale(node, lease)))
            yield return Stale(node, stale, isSafe: !node.Namespaces.Addresses.Contains(stale.Address) && SeesAllPods(node));
        foreach (var finding in WithoutLease(node))
            yield return finding;
    }

    private static bool IsOld(Node node, LeaseFile lease) => lease.Content.State == LeaseState.Leased && lease.Age >= node.Options.Grace;

    private static bool IsStale(Node node, LeaseFile lease) =>
        IsOld(node, lease) && !node.Cache!.KnowsContainer(lease.Content.Owner.ContainerId);

    // A pod in a namespace without a name and without a process could have any address.
    private static bool SeesAllPods(Node node) =>
        node.PodPorts.All(port => port.LinkNetNsId is null || node.Namespaces.FindPeer(port) is not null);

    private static Finding Stale(Node node, LeaseFile lease, bool isSafe) =>
        new(
            FindingIds.LeaseWithoutContainer,
            Severity.Warning,
            $"{node.OnNode(lease.Path)} belongs to {lease.Content.Owner.Text}, which the runtime does not know",
            "the address stays leased; when the range is full no pod starts (\"no IP addresses available in range set\")",
            isSafe
                ? "remove the file"
                : "find the pod that has the address (`ip -all netns exec ip address`) and end it; then remove the file"
        )
        {
            Subject = lease.Path,
            MayPass = true,
            Fix = isSafe ? new ReleaseLease(lease, () => !IsKnown(node, lease)) : null,
        };

    private static bool IsKnown(Node node, LeaseFile lease) =>
        node.ReadCache() is not { IsComplete: true } cache || cache.KnowsContainer(lease.Content.Owner.ContainerId);

    private static Finding Torn(Node node, LeaseFile lease) =>
        new(
            FindingIds.LeaseTorn,
            Severity.Notice,
            $"{node.OnNode(lease.Path)} is empty or garbage: what a loss of power leaves",
            "the reference's host-local takes the address for leased for ever; ours gives it out again",
            "remove the file"
        )
        {
            Subject = lease.Path,
            Fix = node.Namespaces.Addresses.Contains(lease.Address) ? null : new ReleaseLease(lease, static () => true),
        };

    // Without a cache, a lease belongs to a pod that is gone only if its container's link would have our mark and no link does.
    private static IEnumerable<Finding> WithoutCache(Node node)
    {
        var marked = node
            .Links.Select(static link => PodAlias.Parse(link.Alias)?.ContainerId)
            .OfType<string>()
            .ToHashSet(StringComparer.Ordinal);
        var unknown = node
            .Leases.Where(lease =>
                IsOld(node, lease)
                && !marked.Contains(lease.Content.Owner.ContainerId)
                && !node.Namespaces.Addresses.Contains(lease.Address)
            )
            .ToList();
        if (unknown.Count == 0)
            yield break;
        if (!SeesAllPods(node))
        {
            yield return Unverified(node, unknown.Count);
            yield break;
        }

        foreach (var lease in unknown)
        {
            yield return Stale(node, lease, isSafe: true) with
            {
                What =
                    $"{node.OnNode(lease.Path)} belongs to {lease.Content.Owner.Text}; no namespace has the address, no link is the "
                    + "container's, and the runtime has no cache",
                // A container that was made but is not attached yet would look the same.
                Fix = null,
            };
        }
    }

    private static Finding Unverified(Node node, int count) =>
        new(
            FindingIds.LeasesUnverified,
            Severity.Notice,
            $"{count} leases without a known link or namespace; {node.Options.CacheDirectory} is missing or unreadable",
            "leases of deleted pods cannot be distinguished from those of pods that are not visible",
            "give the runtime's cache directory, or compare by hand: `crictl pods -o json`, `ip -all netns exec ip address`"
        )
        {
            Subject = node.Options.CacheDirectory,
            MayPass = true,
        };

    private static IEnumerable<Finding> WithoutLease(Node node)
    {
        var leased = node
            .Leases.Where(static lease => lease.Content.State != LeaseState.Torn)
            .Select(static lease => (lease.Network, lease.Address))
            .ToHashSet();
        var managed = node.DataDirectories.SelectMany(LeaseFile.NetworksIn).ToHashSet(StringComparer.Ordinal);
        managed.UnionWith(
            node.Networks.Where(static file => file.Plugins.Any(static plugin => plugin.DataDirectory is not null))
                .Select(static file => file.List!.Name)
        );
        foreach (var pod in node.Cache!.Pods)
        {
            // Its DEL may be on the way: what counts is that it has the address still.
            foreach (
                var address in pod.Addresses.Where(address =>
                    managed.Contains(pod.Network) && !leased.Contains((pod.Network, address)) && node.Namespaces.Addresses.Contains(address)
                )
            )
            {
                yield return new Finding(
                    FindingIds.ContainerWithoutLease,
                    Severity.Error,
                    $"container {pod.ContainerId} has {address} of network {pod.Network} without a lease",
                    "the next pod can get the same address: packets then reach one or the other",
                    "delete the pod: its successor gets an address with a lease; find out what removed the lease's file"
                )
                {
                    Subject = $"{pod.Network}/{address}",
                    MayPass = true,
                };
            }
        }
    }
}
