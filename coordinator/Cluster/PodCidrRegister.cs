using Plugboard.Addresses;

namespace Plugboard.Coordinator.Cluster;

/// <summary>Whose each pod network is; none overlaps another.</summary>
internal sealed class PodCidrRegister
{
    private readonly SortedSet<(IPPrefix Cidr, string Owner)> taken = new(Comparer<(IPPrefix Cidr, string Owner)>.Create(
        // Those that overlap count as equal: among networks that do not this is an order.
        static (a, b) => a.Cidr.Overlaps(b.Cidr) ? 0 : a.Cidr.Address.CompareTo(b.Cidr.Address)));

    /// <summary>Registers a network; gives the one it overlaps, with its owner, instead where there is one.</summary>
    public (IPPrefix Cidr, string Owner)? TryTake(IPPrefix cidr, string owner)
    {
        var entry = (cidr.Network, owner);
        if (taken.TryGetValue(entry, out var other))
            return other;
        taken.Add(entry);
        return null;
    }
}
