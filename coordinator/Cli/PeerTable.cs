using System.Text;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Routes;

namespace Plugboard.Coordinator.Cli;

/// <summary>How each peer is reached, a line each: pure.</summary>
internal static class PeerTable
{
    /// <summary>The table.</summary>
    public static string Render(ClusterView view, RoutePlan plan)
    {
        var refusals = view.Refused.ToLookup(node => node.Name, node => node.Reason, StringComparer.Ordinal);
        var peers = view.Peers.ToDictionary(peer => peer.Name, StringComparer.Ordinal);
        var rows = new List<string[]> { new[] { "NODE", "POD NETWORK", "ADDRESS", "REACHED" } };
        foreach (var path in plan.Paths.OrderBy(path => path.Peer, StringComparer.Ordinal).ThenBy(path => path.Is6))
        {
            var peer = peers[path.Peer];
            var (cidr, address) = (peer.PodCidr(path.Is6)?.ToString() ?? "-", peer.Address(path.Is6)?.ToString() ?? "-");
            rows.Add([peer.Name, cidr, address, WordsOf(path, refusals)]);
        }

        var widths = Enumerable.Range(0, 3).Select(column => rows.Max(row => row[column].Length) + 2).ToArray();
        var text = new StringBuilder();
        foreach (var row in rows)
            text.Append($"{row[0].PadRight(widths[0])}{row[1].PadRight(widths[1])}{row[2].PadRight(widths[2])}{row[3]}\n");
        return text.ToString();
    }

    private static string WordsOf(PeerPath path, ILookup<string, string> refusals) =>
        path.State is not (PeerState.Direct or PeerState.Tunnelled) && refusals[path.Peer].FirstOrDefault() is { } reason
            ? $"no: refused ({reason}), see below"
            : WordsOf(path.State);

    /// <summary>A state in words, with what to do if the peer is not reached.</summary>
    public static string WordsOf(PeerState state) =>
        state switch
        {
            PeerState.Direct => "directly",
            PeerState.Tunnelled => "through the tunnel",
            PeerState.Unassigned => "no: it has no pod network yet, or none of an enabled family",
            PeerState.NoAddress => "no: it advertises no address of this family",
            PeerState.NoTunnel => "no: it does not advertise a valid end of its tunnel (VNI, hardware address)",
            PeerState.OtherVni => "no: its tunnel has another VNI",
            PeerState.NoOwnTunnel => "no: this node has no tunnel of this family",
            PeerState.OtherBackend => "no: it uses another backend",
            PeerState.OtherLink =>
                "no: its address is in a network of another link than the uplink; name that link with --iface, or correct the " + "address",
            PeerState.NoRoute => "no: this node has no route to its address; check the address, or give this node one in its network",
            _ => "no: it is behind a router; use vxlan, or host-gw only within one network",
        };
}
