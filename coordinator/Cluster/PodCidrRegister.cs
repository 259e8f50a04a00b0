using Plugboard.Addresses;

namespace Plugboard.Coordinator.Cluster;

/// <summary>Maps each pod network to its node; none overlaps another.</summary>
internal sealed class PodCidrRegister
{
    private readonly SortedSet<(IPPrefix Cidr, string Owner)> taken = new(
        Comparer<(IPPrefix Cidr, string Owner)>.Create(
            // Those that overlap count as equal: among networks that do not this is an order.
            static (a, b) => a.Cidr.Overlaps(b.Cidr) ? 0 : a.Cidr.Address.CompareTo(b.Cidr.Address)
        )
    );

    /// <summary>True if any two of the networks overlap.</summary>
    public static bool AnyOverlap(IEnumerable<IPPrefix> cidrs)
    {
        var sorted = cidrs.ToArray();
        Array.Sort(Array.ConvertAll(sorted, static cidr => cidr.Network.Address), sorted);
        for (var i = 1; i < sorted.Length; i++)
        {
            // Networks are nested or apart: the next one in order lies within this one, or none does.
            if (sorted[i - 1].Overlaps(sorted[i]))
                return true;
        }

        return false;
    }

    /// <summary>Registers a network; if it overlaps another, gives that one with its owner, of several the first by address.</summary>
    public (IPPrefix Cidr, string Owner)? TryTake(IPPrefix cidr, string owner)
    {
        var entry = (cidr.Network, owner);
        if (taken.Contains(entry))
            return taken.GetViewBetween(entry, entry).Min;
        taken.Add(entry);
        return null;
    }
}
