using Plugboard.Addresses;
using Plugboard.Coordinator.Configuration;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Cluster;

/// <summary>Filters the source's data of other nodes: refuses what would harm this node.</summary>
/// <param name="network">The cluster's network.</param>
/// <param name="self">This node.</param>
/// <param name="before">The nodes as accepted before: the last valid value of a refused field stays in force.</param>
internal sealed class PeerCheck(NetConf network, LocalNode self, PeerMap? before = null)
{
    private readonly PodCidrRegister register = new();
    private readonly List<RefusedNode> refused = [];
    private readonly List<(string Name, string Text)> notes = [];
    private readonly List<string> irregular = [];

    /// <summary>The nodes that are left out, wholly or in part, and why.</summary>
    public IReadOnlyList<RefusedNode> Refused => refused;

    /// <summary>Values that are in force although the source no longer has them, each with its node's name.</summary>
    public IReadOnlyList<(string Name, string Text)> Notes => notes;

    /// <summary>The nodes with a value that no node may have; not those that only conflict with others.</summary>
    public IReadOnlyList<string> Irregular => irregular;

    /// <summary>
    /// The nodes without the refused data. Of two that claim one network the older keeps it; this node always keeps its own.
    /// </summary>
    public ValueArray<ClusterNode> Accept(IEnumerable<ClusterNode> peers)
    {
        var accepted = new List<ClusterNode>();
        foreach (var peer in peers)
            accepted.Add(Clean(peer));
        if (PodCidrRegister.AnyOverlap(accepted.SelectMany(peer => peer.PodCidrs).Concat(self.PodCidrs)))
            accepted = SettleClaims(accepted);
        foreach (var is6 in (ReadOnlySpan<bool>)[false, true])
            SettleTunnels(accepted, is6);
        return accepted.ToValueArray();
    }

    private ClusterNode Clean(ClusterNode peer)
    {
        if (IsInOrder(peer))
            return peer;
        irregular.Add(peer.Name);
        var last = before?.Find(peer.Name);
        var addresses = Keep(peer.Addresses, AddressFault, (peer.Name, "BadAddress"), last?.Addresses ?? []);
        var cidrs = Keep(peer.PodCidrs, PodCidrFault, (peer.Name, "BadPodCidr"), last?.PodCidrs ?? []);
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
        foreach (var peer in ByAge(peers))
        {
            var cidrs = Keep(peer.PodCidrs, cidr => ClaimFault(cidr, peer.Name), (peer.Name, "DuplicatePodCidr"), []);
            settled.Add(peer with { PodCidrs = cidrs });
        }

        return settled;
    }

    private static IEnumerable<ClusterNode> ByAge(IEnumerable<ClusterNode> peers) =>
        peers.OrderBy(peer => peer.CreatedAt ?? DateTimeOffset.MaxValue).ThenBy(peer => peer.Name, StringComparer.Ordinal);

    // A vxlan's FDB has one entry per hardware address: of two nodes with the same one, as cloned machines have, the younger is not reached
    // through the tunnel. Two with one address too are one machine, which got another name: one entry serves both.
    private void SettleTunnels(List<ClusterNode> peers, bool is6)
    {
        if (network.Backend.Type != BackendType.Vxlan || !network.Enables(is6))
            return;
        var macs = new HashSet<MacAddress>();
        var own = Tunnels.MacOf(network.Backend, self, is6);
        if (own is { } mac)
            macs.Add(mac);
        var isDouble = false;
        foreach (var peer in peers)
            isDouble |= HasTunnel(peer, is6) && !macs.Add(peer.Vtep(is6)!.Mac);
        if (!isDouble)
            return;
        var owners = new Dictionary<MacAddress, ClusterNode>();
        foreach (var peer in ByAge(peers.Where(peer => HasTunnel(peer, is6)).ToList()))
        {
            var end = peer.Vtep(is6)!.Mac;
            if (end == own)
                Refuse(peers, peer, is6, self.Name);
            else if (!owners.TryAdd(end, peer) && (peer.Address(is6) is not { } address || owners[end].Address(is6) != address))
                Refuse(peers, peer, is6, owners[end].Name);
        }
    }

    private bool HasTunnel(ClusterNode peer, bool is6) =>
        peer.Vtep(is6) is { Mac: { IsZero: false, IsMulticast: false } } vtep
        && (vtep.Vni == 0 || vtep.Vni == network.Backend.Vni)
        && peer.PodCidr(is6) is not null;

    private void Refuse(List<ClusterNode> peers, ClusterNode peer, bool is6, string owner)
    {
        var mac = peer.Vtep(is6)!.Mac;
        refused.Add(
            new RefusedNode(
                peer.Name,
                "DuplicateVtepMac",
                $"{peer.Name}: its tunnel's {(is6 ? "IPv6" : "IPv4")} end has hardware address {mac}, which node {owner} had first; "
                    + "give it another: vtepMAC in the peers file, or on that node remove the tunnel's link and its advertised data "
                    + "(flannel's annotation backend-data, its lease), then start its daemon again"
            )
        );
        peers[peers.FindIndex(other => ReferenceEquals(other, peer))] = is6 ? peer with { Vtep6 = null } : peer with { Vtep4 = null };
    }

    private ValueArray<T> Keep<T>(ValueArray<T> all, Func<T, string?> fault, (string Node, string Reason) what, ValueArray<T> last)
        where T : struct
    {
        List<T>? kept = null;
        for (var i = 0; i < all.Count; i++)
        {
            if (fault(all[i]) is { } why)
            {
                refused.Add(new RefusedNode(what.Node, what.Reason, $"{what.Node}: {why}"));
                kept ??= all.Take(i).ToList();
                if (LastGood(last, all[i], fault) is { } good)
                {
                    kept.Add(good);
                    notes.Add((what.Node, $"node {what.Node}: {good} stays in force in place of {all[i]}, which is refused"));
                }
            }
            else
            {
                kept?.Add(all[i]);
            }
        }

        return kept is null ? all : kept.ToValueArray();
    }

    private static T? LastGood<T>(ValueArray<T> last, T refused, Func<T, string?> fault)
        where T : struct
    {
        foreach (var known in last)
        {
            if (Is6(known) == Is6(refused) && fault(known) is null)
                return known;
        }

        return null;
    }

    private static bool Is6<T>(T value) =>
        value switch
        {
            IPAddr address => address.Is6,
            IPPrefix prefix => prefix.Is6,
            _ => false,
        };

    private string? AddressFault(IPAddr address)
    {
        if (!address.IsGlobalUnicast)
            return $"its address {address} cannot be another node's: it is unspecified, loopback, link-local or multicast";
        if (self.Address(address.Is6)?.Address == address)
            return $"its address {address} is this node's own";
        return self.PodCidr(address.Is6) is { } own && own.Contains(address)
            ? $"its address {address} lies in this node's own pod network {own}"
            : null;
    }

    private string? PodCidrFault(IPPrefix cidr)
    {
        var first = cidr.Network.Address;
        if (cidr.Length < (cidr.Is6 ? 16 : 8) || !first.IsGlobalUnicast || !cidr.Last.IsGlobalUnicast)
            return $"its pod network {cidr} cannot be one: it is too wide, or unspecified, loopback, link-local or multicast";
        if (network.NetworkOf(cidr.Is6) is { } whole && !(whole.Length <= cidr.Length && whole.Contains(first)))
            return $"its pod network {cidr} is not within the cluster's network {whole}";
        return self.Address(cidr.Is6) is { } own && cidr.Contains(own.Address)
            ? $"its pod network {cidr} holds this node's own address {own.Address}"
            : null;
    }

    private string? ClaimFault(IPPrefix cidr, string name) =>
        register.TryTake(cidr, name) is { } other
            ? $"its pod network {cidr} overlaps {other.Cidr} of node {other.Owner}, which had it first"
            : null;
}
