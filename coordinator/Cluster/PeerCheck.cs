using Plugboard.Addresses;
using Plugboard.Coordinator.Configuration;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Cluster;

/// <summary>Takes from what a source says of other nodes what this node can follow without harm to itself.</summary>
/// <param name="network">The cluster's network.</param>
/// <param name="self">This node.</param>
internal sealed class PeerCheck(NetConf network, LocalNode self)
{
    private readonly PodCidrRegister register = new();
    private readonly List<RefusedNode> refused = [];

    /// <summary>Who is left out, wholly or in part, and why.</summary>
    public IReadOnlyList<RefusedNode> Refused => refused;

    /// <summary>The nodes without what is refused. Of two that claim one network the older keeps it; this node keeps its own always.</summary>
    public ValueArray<ClusterNode> Accept(IEnumerable<ClusterNode> peers)
    {
        var accepted = new List<ClusterNode>();
        foreach (var peer in peers)
            accepted.Add(Clean(peer));
        if (PodCidrRegister.AnyOverlap(accepted.SelectMany(peer => peer.PodCidrs).Concat(self.PodCidrs)))
            accepted = SettleClaims(accepted);
        return accepted.ToValueArray();
    }

    private ClusterNode Clean(ClusterNode peer)
    {
        if (IsInOrder(peer))
            return peer;
        var addresses = Keep(peer.Addresses, AddressFault, peer.Name, "BadAddress");
        var cidrs = Keep(peer.PodCidrs, PodCidrFault, peer.Name, "BadPodCidr");
        return peer with { PodCidrs = cidrs, Addresses = addresses };
    }

    private bool IsInOrder(ClusterNode peer)
    {
        foreach (var address in peer.Addresses.AsSpan())
        {
            if (AddressFault(address) is not null)
                return false;
        }

        foreach (var cidr in peer.PodCidrs.AsSpan())
        {
            if (PodCidrFault(cidr) is not null)
                return false;
        }

        return true;
    }

    private List<ClusterNode> SettleClaims(List<ClusterNode> peers)
    {
        foreach (var cidr in self.PodCidrs)
            register.TryTake(cidr, self.Name);
        var settled = new List<ClusterNode>(peers.Count);
        foreach (var peer in peers.OrderBy(peer => peer.CreatedAt ?? DateTimeOffset.MaxValue).ThenBy(peer => peer.Name, StringComparer.Ordinal))
            settled.Add(peer with { PodCidrs = Keep(peer.PodCidrs, cidr => ClaimFault(cidr, peer.Name), peer.Name, "DuplicatePodCidr") });
        return settled;
    }

    private ValueArray<T> Keep<T>(ValueArray<T> all, Func<T, string?> fault, string node, string reason)
    {
        List<T>? kept = null;
        for (var i = 0; i < all.Count; i++)
        {
            if (fault(all[i]) is { } why)
            {
                refused.Add(new RefusedNode(node, reason, $"{node}: {why}"));
                kept ??= all.Take(i).ToList();
            }
            else
            {
                kept?.Add(all[i]);
            }
        }

        return kept is null ? all : kept.ToValueArray();
    }

    private string? AddressFault(IPAddr address)
    {
        if (!address.IsGlobalUnicast)
            return $"its address {address} cannot be another node's: it is unspecified, loopback, link-local or multicast";
        if (self.Address(address.Is6)?.Address == address)
            return $"its address {address} is this node's own";
        return self.PodCidr(address.Is6) is { } own && own.Contains(address) ? $"its address {address} lies in this node's own pod network {own}" : null;
    }

    private string? PodCidrFault(IPPrefix cidr)
    {
        var first = cidr.Network.Address;
        if (cidr.Length < (cidr.Is6 ? 16 : 8) || !first.IsGlobalUnicast || !cidr.Last.IsGlobalUnicast)
            return $"its pod network {cidr} cannot be one: it is too wide, or unspecified, loopback, link-local or multicast";
        if (network.NetworkOf(cidr.Is6) is { } whole && !(whole.Length <= cidr.Length && whole.Contains(first)))
            return $"its pod network {cidr} is not within the cluster's network {whole}";
        return self.Address(cidr.Is6) is { } own && cidr.Contains(own.Address) ? $"its pod network {cidr} holds this node's own address {own.Address}" : null;
    }

    private string? ClaimFault(IPPrefix cidr, string name) =>
        register.TryTake(cidr, name) is { } other ? $"its pod network {cidr} overlaps {other.Cidr} of node {other.Owner}, which had it first" : null;
}
