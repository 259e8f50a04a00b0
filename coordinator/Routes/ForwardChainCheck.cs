using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Node;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Walk;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Routes;

/// <summary>
/// Detects chains at the forward hook that drop traffic between pods of different nodes, as docker's policy of FORWARD does. An accept in a
/// table of the coordinator's own would not help. It only reads.
/// </summary>
/// <param name="network">The node's links and addresses.</param>
internal sealed class ForwardChainCheck(NodeNetwork network)
{
    private const string UsualBridge = "cni0";

    /// <summary>A sentence with what to do for each chain that drops such packets; none if they pass, or there is no other node.</summary>
    public IReadOnlyList<string> Find(ClusterView view, RoutePlan plan)
    {
        var packets = Packets(view, plan).ToList();
        if (packets.Count == 0)
            return [];
        try
        {
            using var client = NftablesClient.Find();
            return
            [
                .. packets
                    .SelectMany(packet => ForwardChains.FindDrops(client, packet))
                    .DistinctBy(drop => drop.Chain)
                    .Select(drop => Describe(drop, view)),
            ];
        }
        catch (ErrnoException e)
        {
            return [$"the forward chains cannot be checked: {e.Message}"];
        }
    }

    /// <summary>What to do about a chain that drops.</summary>
    public static string RemedyFor(ForwardChainDrop drop, ClusterView view)
    {
        var is6 = drop.Packet.Source.Is6;
        // A node that enforces policy alone may not know the pods' network.
        var pods = (view.Network.NetworkOf(is6) ?? view.Self.PodCidr(is6))?.ToString() ?? drop.Packet.Source.ToString();
        if (drop.Tool.Length == 0)
            return $"accept the pods there (nft insert rule … {(is6 ? "ip6" : "ip")} saddr {pods} accept, and daddr; firewalld: the "
                + "trusted zone for the pods' links)";
        return "--masquerade flannel --backend iptables maintains accepting rules there (--iptables-forward-rules, the default); or "
            + $"by hand: {drop.Tool} -I FORWARD -s {pods} -j ACCEPT; {drop.Tool} -I FORWARD -d {pods} -j ACCEPT";
    }

    private static string Describe(ForwardChainDrop drop, ClusterView view) =>
        $"packets between pods of different nodes, as from {drop.Packet.Source} to {drop.Packet.Destination}: {drop}; "
        + $"{RemedyFor(drop, view)}";

    // One in each direction of each family, to the first node that is reached.
    private IEnumerable<ForwardedPacket> Packets(ClusterView view, RoutePlan plan)
    {
        foreach (var own in view.Self.PodCidrs)
        {
            var path = plan.Paths.FirstOrDefault(path => path.Is6 == own.Is6 && path.State is PeerState.Direct or PeerState.Tunnelled);
            if (path.Peer is null || view.Peers.FirstOrDefault(peer => peer.Name == path.Peer)?.PodCidr(own.Is6) is not { } other)
                continue;
            var link =
                path.State == PeerState.Direct
                    ? view.Self.Uplink!.Name
                    : plan.Tunnels.FirstOrDefault(tunnel => tunnel.Is6 == own.Is6)?.Name ?? "";
            var (here, there) = (PodOf(own), PodOf(other));
            var bridge =
                network
                    .Addresses.Where(address => address.Address.Is6 == own.Is6 && own.Contains(address.Address.Address))
                    .Select(address => network.FindLink(address.LinkIndex))
                    .FirstOrDefault(found => found is not null && found.Vxlan is null && found.Ipip is null)
                    ?.Name
                ?? UsualBridge;
            yield return new ForwardedPacket(here, there, bridge, link);
            yield return new ForwardedPacket(there, here, link, bridge);
        }
    }

    // The first address is the bridge's.
    private static IPAddr PodOf(IPPrefix cidr) => cidr.Network.Address.Next().Next();
}
