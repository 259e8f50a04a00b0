using Plugboard.Doctor.Nodes;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Doctor.Checks;

/// <summary>
/// Whether what one part of the way lets through fits into the next: pod, link, bridge, tunnel, uplink, and what files say of them.
/// </summary>
internal sealed class MtuCheck : ICheck
{
    // Outer IPv4 or IPv6 header, UDP, VXLAN, inner Ethernet.
    private const int VxlanOverhead4 = 20 + 8 + 8 + 14;
    private const int VxlanOverhead6 = 40 + 8 + 8 + 14;
    private const int IpipOverhead = 20;

    private const string Consequence = "large packets are lost: connections open and then hang, small requests work";

    public string Name => "MTU of the path";

    public IEnumerable<Finding> Examine(Node node) =>
        [.. Ports(node), .. Peers(node), .. Bridges(node), .. Tunnels(node), .. SubnetFile(node), .. Configs(node)];

    private static IEnumerable<Finding> Ports(Node node)
    {
        var bridges = node.PodBridges.ToDictionary(static bridge => bridge.Index);
        foreach (var port in node.PodPorts)
        {
            var bridge = bridges[port.MasterIndex];
            if (port.Mtu != bridge.Mtu)
            {
                yield return new Finding(
                    FindingIds.MtuPort,
                    Severity.Warning,
                    $"{port.Name} has MTU {port.Mtu}, its bridge {bridge.Name} has {bridge.Mtu}",
                    Consequence,
                    $"end the pod: its successor gets the bridge's; or `ip link set {port.Name} mtu {bridge.Mtu}`, and the same in the pod"
                )
                {
                    Subject = port.Name,
                    MayPass = true,
                };
            }
        }
    }

    // One cause, such as `mtu` of tuning, is one finding, however many pods there are.
    private static IEnumerable<Finding> Peers(Node node)
    {
        var bridges = node.PodBridges.ToDictionary(static bridge => bridge.Index);
        return node
            .PodPorts.Where(port => port.Mtu == bridges[port.MasterIndex].Mtu)
            .Select(port => (Port: port, Peer: node.Namespaces.FindPeer(port)))
            .Where(static ends => ends.Peer is { } peer && peer.Mtu != ends.Port.Mtu)
            .GroupBy(static ends => (Pod: ends.Peer!.Mtu, Node: ends.Port.Mtu))
            .Select(static group =>
                Peer(group.Key.Pod, group.Key.Node, [.. group.Select(static ends => $"{ends.Port.Name} ({ends.Peer!.Name})")])
            );
    }

    private static Finding Peer(int pod, int node, List<string> links) =>
        new(
            FindingIds.MtuPeer,
            Severity.Warning,
            links.Count == 1
                ? $"the pod's end of {links[0]} has MTU {pod}, the node's has {node}"
                : $"the pods' ends of {links.Count} links, such as {links[0]}, have MTU {pod}, the node's have {node}",
            // The pod's MTU is in what it tells its peers of TCP, the node's is in nothing that passes.
            pod < node
                ? "TCP adapts to it; larger packets to the pod of UDP, ping and tunnels are lost"
                : Consequence,
            "see what in the pods, or which plugin after bridge (tuning), sets another MTU: the key `mtu` of bridge sets both ends"
        )
        {
            Subject = $"{pod} {node}",
            MayPass = true,
        };

    // The least of what leads to other nodes: tunnels of the cluster where there are any, else nothing is known.
    private static (string Name, int Mtu)? Narrowest(Node node)
    {
        if (node.SubnetFilePath is null)
            return null;
        (string Name, int Mtu)? least = node.FindSubnetFile() is { } file ? (node.OnNode(node.SubnetFilePath), (int)file.Mtu) : null;
        foreach (var tunnel in ClusterTunnels(node))
        {
            if (least is null || tunnel.Mtu < least.Value.Mtu)
                least = (tunnel.Name, tunnel.Mtu);
        }

        return least;
    }

    private static IEnumerable<Link> ClusterTunnels(Node node) =>
        node.Links.Where(static link => link.Kind is "vxlan" or "ipip" && link.Name.StartsWith("flannel", StringComparison.Ordinal));

    private static IEnumerable<Finding> Bridges(Node node)
    {
        if (Narrowest(node) is not { } least)
            yield break;
        var used = node.Plugins.Where(static plugin => plugin.SubnetFile is not null).Select(static plugin => plugin.Bridge).ToHashSet();
        foreach (
            var bridge in node.PodBridges.Where(bridge =>
                used.Contains(bridge.Name) && bridge.Mtu > least.Mtu && node.Links.Any(port => port.MasterIndex == bridge.Index)
            )
        )
        {
            yield return new Finding(
                FindingIds.MtuBridge,
                Severity.Warning,
                $"bridge {bridge.Name} has MTU {bridge.Mtu}, {least.Name} passes {least.Mtu}",
                "pods send packets to other nodes that do not fit; " + Consequence,
                "start the node's pods again: they get the MTU of subnet.env; the bridge follows its ports"
            )
            {
                Subject = bridge.Name,
            };
        }
    }

    private static IEnumerable<Finding> Tunnels(Node node)
    {
        foreach (var tunnel in ClusterTunnels(node).Where(static link => link.IsUp))
        {
            if (FindUplink(node, tunnel) is not { } uplink)
                continue;
            var overhead =
                tunnel.Kind == "ipip" ? IpipOverhead
                : tunnel.Vxlan?.Local is { Is6: true } ? VxlanOverhead6
                : VxlanOverhead4;
            if (tunnel.Mtu + overhead <= uplink.Mtu)
                continue;
            yield return new Finding(
                FindingIds.MtuTunnel,
                Severity.Error,
                $"{tunnel.Name} has MTU {tunnel.Mtu}; with {overhead} bytes around it does not fit into {uplink.Name} with {uplink.Mtu}",
                "packets between nodes are lost or fragmented; " + Consequence,
                $"set {tunnel.Name} to {uplink.Mtu - overhead}: restart the daemon that makes it, it takes the uplink's MTU of that moment"
            )
            {
                Subject = tunnel.Name,
            };
        }
    }

    private static Link? FindUplink(Node node, Link tunnel)
    {
        if (tunnel.Vxlan is { LinkIndex: > 0 } vxlan)
            return node.Links.FirstOrDefault(link => link.Index == vxlan.LinkIndex);
        if (tunnel.Kind == "ipip" && tunnel.Ipip is null)
            return null;
        var routes = Node.Route(static client => client.Routes.List(new RouteFilter { Family = AddressFamily.IPv4 }));
        var index = routes
            .Where(static route => route.Dst.IsDefault && route.OutInterface != 0)
            .OrderBy(static route => route.Priority)
            .Select(static route => route.OutInterface)
            .FirstOrDefault();
        return node.Links.FirstOrDefault(link => link.Index == index);
    }

    private static IEnumerable<Finding> SubnetFile(Node node)
    {
        if (node.FindSubnetFile() is not { } file)
            yield break;
        foreach (var tunnel in ClusterTunnels(node).Where(tunnel => tunnel.Mtu < file.Mtu))
        {
            yield return new Finding(
                FindingIds.MtuSubnetFile,
                Severity.Warning,
                $"{node.OnNode(node.SubnetFilePath!)} says MTU {file.Mtu}, {tunnel.Name} has {tunnel.Mtu}",
                "new pods send packets that do not fit into the tunnel; " + Consequence,
                "restart the daemon that writes the file; then start the pods again"
            )
            {
                Subject = tunnel.Name,
            };
        }
    }

    private static IEnumerable<Finding> Configs(Node node)
    {
        if (node.ChosenNetwork is not { } chosen)
            yield break;
        var least = Narrowest(node);
        foreach (var plugin in chosen.Plugins.Where(plugin => plugin.SubnetFile is not null && plugin.Mtu > least?.Mtu))
        {
            yield return new Finding(
                FindingIds.MtuConflist,
                Severity.Warning,
                $"{node.OnNode(chosen.Path)} sets MTU {plugin.Mtu}, {least!.Value.Name} passes {least.Value.Mtu}",
                "new pods send packets that do not fit; " + Consequence,
                "remove `mtu` from the config: the pods then get that of subnet.env"
            )
            {
                Subject = chosen.Path,
            };
        }
    }
}
