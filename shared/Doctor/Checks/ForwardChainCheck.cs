using Plugboard.Addresses;
using Plugboard.Doctor.Nodes;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Walk;
using Plugboard.Netlink.Route;

namespace Plugboard.Doctor.Checks;

/// <summary>
/// Other programs' chains at the forward hook that drop what a pod sends to another node, or outside: docker's policy of FORWARD, a
/// firewall that knows no pods.
/// </summary>
internal sealed class ForwardChainCheck : ICheck
{
    // Only asked for a route, nothing is sent there.
    private static readonly IPAddr far4 = IPAddr.Parse("1.1.1.1");
    private static readonly IPAddr far6 = IPAddr.Parse("2606:4700:4700::1111");

    public string Name => "forwarded packets";

    public IEnumerable<Finding> Examine(Node node)
    {
        var packets = Packets(node).ToList();
        if (packets.Count == 0)
            return [];
        using var client = NftablesClient.Find();
        return
        [
            .. packets.SelectMany(packet => ForwardChains.FindDrops(client, packet)).DistinctBy(static drop => drop.Chain).Select(Describe),
        ];
    }

    private static IEnumerable<ForwardedPacket> Packets(Node node)
    {
        foreach (var bridge in node.PodBridges)
        {
            var own = node.Addresses.Where(address => address.LinkIndex == bridge.Index && address.Scope == RouteScope.Universe);
            foreach (var address in own.Select(static address => address.Address))
            {
                var pod = address.Address.Next();
                if (node.FindFarPod(address) is { } there && node.FindWay(there) is { } way && way != bridge.Name)
                {
                    yield return new ForwardedPacket(pod, there, bridge.Name, way);
                    yield return new ForwardedPacket(there, pod, way, bridge.Name);
                }
                else if (node.FindWay(address.Is6 ? far6 : far4) is { } outwards && outwards != bridge.Name)
                {
                    yield return new ForwardedPacket(pod, address.Is6 ? far6 : far4, bridge.Name, outwards);
                }
            }
        }
    }

    private static Finding Describe(ForwardChainDrop drop)
    {
        var packet = drop.Packet;
        var remedy =
            drop.Tool.Length == 0
                ? "accept the pods' networks in that chain (firewalld: put the pods' links into the trusted zone)"
                : "let a daemon keep accepting rules there (coordinator: --masquerade flannel --backend iptables; flanneld: "
                    + $"--iptables-forward-rules), or accept the pods' networks yourself: `{drop.Tool} -I FORWARD -i {packet.InLink} -j "
                    + $"ACCEPT`, `{drop.Tool} -I FORWARD -o {packet.InLink} -j ACCEPT`";
        return new Finding(
            FindingIds.ForwardChainDrop,
            drop.IsSure ? Severity.Error : Severity.Warning,
            $"a packet from {packet.Source} by {packet.InLink} to {packet.Destination} by {packet.OutLink}: {drop}",
            "pods do not reach pods of other nodes, or nothing outside; pods of one node reach each other",
            remedy
        )
        {
            Subject = drop.Chain,
        };
    }
}
