using Plugboard.Addresses;

namespace Plugboard.Coordinator.Cluster;

/// <summary>
/// Finds the nodes whose claims may conflict with a node's: those with an overlapping pod network, and those whose tunnel's end has the
/// same hardware address.
/// </summary>
internal sealed class PeerIndex
{
    private readonly Owners<IPPrefix> cidrs = new();
    private readonly Owners<(MacAddress Mac, bool Is6)> macs = new();

    // How many networks of each length there are: most clusters have one length.
    private readonly SortedDictionary<int, int>[] lengths =
    [
        [],
        [],
    ];

    /// <summary>Adds a node's claims.</summary>
    public void Add(ClusterNode node)
    {
        foreach (var cidr in node.PodCidrs.AsSpan())
        {
            if (cidrs.Add(cidr.Network, node.Name))
                Count(cidr, 1);
        }

        foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
        {
            if (node.Vtep(is6) is { } vtep)
                macs.Add((vtep.Mac, is6), node.Name);
        }
    }

    /// <summary>Removes the claims that <see cref="Add"/> added of this node.</summary>
    public void Remove(ClusterNode node)
    {
        foreach (var cidr in node.PodCidrs.AsSpan())
        {
            if (cidrs.Remove(cidr.Network, node.Name))
                Count(cidr, -1);
        }

        foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
        {
            if (node.Vtep(is6) is { } vtep)
                macs.Remove((vtep.Mac, is6), node.Name);
        }
    }

    private void Count(IPPrefix cidr, int change)
    {
        var counts = lengths[cidr.Is6 ? 1 : 0];
        var count = counts.GetValueOrDefault(cidr.Length) + change;
        if (count == 0)
            counts.Remove(cidr.Length);
        else
            counts[cidr.Length] = count;
    }

    /// <summary>The names of all nodes that claim what this node claims, or a part of it; the node itself may be among them.</summary>
    public void FindRivals(ClusterNode node, Action<string> found)
    {
        foreach (var cidr in node.PodCidrs.AsSpan())
            FindOverlapping(cidr.Network, found);
        foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
        {
            if (node.Vtep(is6) is { } vtep)
                macs.Find((vtep.Mac, is6), found);
        }
    }

    private void FindOverlapping(IPPrefix cidr, Action<string> found)
    {
        foreach (var (length, count) in lengths[cidr.Is6 ? 1 : 0])
        {
            if (length <= cidr.Length)
                cidrs.Find(new IPPrefix(cidr.Address.Masked(length), length), found);
            else
                FindWithin(cidr, length, count, found);
        }
    }

    // The networks of one length in a wider one: each possible one is looked up, or each present one looked at, whichever is less.
    private void FindWithin(IPPrefix cidr, int length, int count, Action<string> found)
    {
        var bits = length - cidr.Length;
        if (bits >= 31 || 1 << bits > count)
        {
            foreach (var present in cidrs.Keys)
            {
                if (present.Length == length && cidr.Contains(present.Address))
                    cidrs.Find(present, found);
            }

            return;
        }

        IPAddr? next = cidr.Address;
        for (var i = 0; i < 1 << bits && next is { } address; i++)
        {
            var one = new IPPrefix(address, length);
            cidrs.Find(one, found);
            next = one.Last == cidr.Last ? null : one.Last.Next();
        }
    }
}
