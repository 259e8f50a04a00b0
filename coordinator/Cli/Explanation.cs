using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Masquerade;
using Plugboard.Coordinator.Masquerade.Configuration;
using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Policy.Judging;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Coordinator.Routes;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Walk;
using Plugboard.Linux;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Coordinator.Cli;

/// <summary>
/// Explains the path of a packet from this node: the owners of its ends, the route, the masquerading rule, what the tunnel does with it,
/// and what the policies say.
/// </summary>
/// <param name="view">The cluster.</param>
/// <param name="client">The kernel, which reports the route that it would take.</param>
/// <param name="network">The node's links.</param>
internal sealed class Explanation(ClusterView view, RouteClient client, NodeNetwork network)
{
    private readonly List<(string Step, string Text)> steps = [];

    /// <summary>The steps in the order in which the packet takes them.</summary>
    public IReadOnlyList<(string Step, string Text)> Steps => steps;

    /// <summary>True unless the packet ends on this node without being meant for it.</summary>
    public bool IsSent { get; private set; } = true;

    /// <summary>The pod that has an address, as the objects of policy and this node's plugins say; null: none is known.</summary>
    public Func<IPAddr, PolicyPod?> FindPod { get; init; } = static _ => null;

    /// <summary>False: no source says which nodes and pod networks there are.</summary>
    public bool KnowsNodes { get; init; } = true;

    /// <summary>Explains the packet.</summary>
    /// <param name="source">The sender's address.</param>
    /// <param name="destination">The destination address.</param>
    /// <param name="masquerade">The masquerading rules in force; null: none.</param>
    public void Walk(IPAddr source, IPAddr destination, (MasqueradeOptions Options, MasqueradeConfig Config)? masquerade)
    {
        steps.Add(("from", $"{source}: {Whose(source)}"));
        steps.Add(("to", $"{destination}: {Whose(destination)}"));
        foreach (var refused in view.Refused.Where(refused => refused.Why.Contains(destination.ToString(), StringComparison.Ordinal)))
            steps.Add(("refused", refused.Why));
        if (FindRoute(source, destination) is not { } route)
            return;
        var link = network.FindLink(route.OutInterface);
        if (link is not null && route.Type == RouteType.Unicast)
            ThroughForwardChain(source, destination, link);
        if (masquerade is { } rules && route.Type == RouteType.Unicast)
            Explain(rules, source, destination, link?.Name ?? "");
        if (link is null)
            return;
        steps.Add(("mtu", MtuOf(route, destination, link)));
        if (link.Vxlan is not null)
            ThroughTunnel(route, link);
    }

    /// <summary>Adds what the policies say; after <see cref="Walk"/>.</summary>
    public void Judge(PolicyObjects objects, Connection connection, IReadOnlyDictionary<IPAddr, string> nodes)
    {
        var verdict = new PolicyOracle(objects, nodes).Judge(connection);
        steps.AddRange(PolicyExplanation.Of(verdict, connection));
        IsSent &= !PolicyExplanation.RefusingNodes(verdict).Contains(view.Self.Name, StringComparer.Ordinal);
    }

    // Packets from this node itself do not pass the forward hook.
    private void ThroughForwardChain(IPAddr source, IPAddr destination, Link outLink)
    {
        if (network.Addresses.Any(own => own.Address.Address == source))
            return;
        var inLink = NodeNetwork.FindRoute(client, source) is { } back ? network.FindLink(back.OutInterface)?.Name ?? "" : "";
        try
        {
            using var nftables = NftablesClient.Find();
            foreach (var drop in ForwardChains.FindDrops(nftables, new ForwardedPacket(source, destination, inLink, outLink.Name)))
            {
                IsSent &= !drop.IsSure;
                steps.Add(("forward", $"{drop}; {ForwardChainCheck.RemedyFor(drop, view)}"));
            }
        }
        catch (ErrnoException e)
        {
            steps.Add(("forward", $"the forward chains cannot be checked: {e.Message}"));
        }
    }

    private string Whose(IPAddr address)
    {
        if (network.Addresses.Any(own => own.Address.Address == address))
            return "this node's own address";
        if (FindPod(address) is { } pod)
            return $"pod {pod.Name} of {(pod.NodeName == view.Self.Name ? "this node" : $"node {pod.NodeName}")}";
        if (view.Self.PodCidr(address.Is6) is { } own && own.Contains(address))
            return $"a pod of this node, {view.Self.Name} ({own})";
        foreach (var peer in view.Peers)
        {
            if (peer.PodCidr(address.Is6) is { } cidr && cidr.Contains(address))
                return $"a pod of node {peer.Name} ({cidr}, node address {peer.Address(address.Is6)?.ToString() ?? "unknown"})";
            if (peer.Address(address.Is6) == address)
                return $"node {peer.Name}";
        }

        return view.Network.NetworkOf(address.Is6) is { } whole && whole.Contains(address)
                ? $"in the cluster's network {whole}, but no node has it"
            : KnowsNodes ? "outside the cluster"
            : FindInTable(address) is { Gateway: null, Dst.Length: > 0 } near && network.FindLink(near.OutInterface) is { } link
                ? $"on this node's link {link.Name} ({near.Dst})"
            : "elsewhere: with --source none no nodes are known";
    }

    // Rules may ask for the sender, and for the link that a pod's packet comes by.
    private Route? Ask(IPAddr source, IPAddr destination)
    {
        var isOwn = network.Addresses.Any(own => own.Address.Address == source);
        var inLink = isOwn || source.Is6 != destination.Is6 ? 0 : NodeNetwork.FindRoute(client, source)?.OutInterface ?? 0;
        try
        {
            if ((isOwn || inLink != 0) && client.Routes.Get(new RouteQuestion(destination, source, inLink)) is { } route)
                return route;
        }
        catch (ErrnoException)
        {
            // The link does not take such a packet now, as a bridge without pods; the answer for any sender is as near as it gets.
        }

        return client.Routes.Get(destination);
    }

    private Route? FindRoute(IPAddr source, IPAddr destination)
    {
        try
        {
            if (Ask(source, destination) is not { } route)
            {
                IsSent = false;
                steps.Add(("route", "no route: the packet is refused (no route to host)"));
                return null;
            }

            var by = network.FindLink(route.OutInterface)?.Name ?? "no link";
            var via = route.Gateway is { } gateway ? $"via {gateway} " : "";
            steps.Add(("route", route.Type == RouteType.Local ? "this node itself" : $"{via}by {by}, {OwnerOf(route, destination)}"));
            return route;
        }
        catch (ErrnoException e)
        {
            IsSent = false;
            steps.Add(("route", $"the packet is dropped by a blackhole, unreachable or prohibit route ({e.Errno})"));
            return null;
        }
    }

    // The kernel returns a copy of the route, with the path MTU if a router reported one (PMTU exception).
    private string MtuOf(Route route, IPAddr destination, Link link)
    {
        if (route.Mtu == 0 || route.Mtu == FindInTable(destination)?.Mtu)
            return $"{(route.Mtu > 0 ? route.Mtu : link.Mtu)} bytes by {link.Name}";
        return $"{route.Mtu} bytes: a router on the path to {destination} takes no more, which the kernel remembers for some minutes "
            + $"(to forget it: ip route flush cache); {link.Name} takes {link.Mtu}";
    }

    private Route? FindInTable(IPAddr destination) =>
        network
            .Routes.Values.Where(route => route.Dst.Contains(destination))
            .OrderByDescending(route => route.Dst.Length)
            .ThenBy(route => route.Priority)
            .FirstOrDefault();

    private string OwnerOf(Route route, IPAddr destination)
    {
        var table = FindInTable(destination);
        if (route.Table is not (0 or Route.MainTable) || table is null)
            return $"by a rule for table {route.Table} (ip rule; ip route show table {route.Table})";
        var author =
            table.Protocol == RouteProtocol.Plugboard
                ? "the coordinator's route"
                : $"a route of protocol {table.Protocol.ToString().ToLowerInvariant()}";
        return $"by {table.Dst}, {author}";
    }

    private void Explain((MasqueradeOptions Options, MasqueradeConfig Config) rules, IPAddr source, IPAddr destination, string link)
    {
        var said =
            rules.Options.Kind == MasqueradeKind.Flannel
                ? MasqueradeExplanation.OfFlannel(view, source, destination)
                : MasqueradeExplanation.OfAgent(rules.Options, rules.Config, view, (destination, link));
        var result = said.IsMasqueraded
            ? $"leaves with {(said.Address is { } address ? address.ToString() : "the node's address")}"
            : "keeps its sender's address";
        steps.Add(("masquerade", $"{result}: {said.Why}"));
    }

    private void ThroughTunnel(Route route, Link tunnel)
    {
        if (route.Gateway is not { } gateway)
            return;
        var neighbour = client
            .Neighbours.List(tunnel.Index)
            .FirstOrDefault(entry => entry.Address == gateway && entry.LinkAddress is not null);
        if (neighbour?.LinkAddress is not { } mac)
        {
            IsSent = false;
            steps.Add(
                ("neighbour", $"no entry for {gateway}: the packet is dropped; run apply, or check why the coordinator does not run")
            );
            return;
        }

        steps.Add(("neighbour", $"{gateway} is {mac}"));
        var entry = client
            .Fdb.List(tunnel.Index)
            .FirstOrDefault(candidate => candidate.LinkAddress == mac && candidate.Destination is not null);
        IsSent &= entry is not null;
        steps.Add(
            (
                "fdb",
                entry is null
                    ? $"no entry for {mac}: the packet is dropped"
                    : $"{mac} is on {entry.Destination}, {Whose(entry.Destination!.Value)}"
            )
        );
        if (entry?.Destination is { } end)
            AlongPath(end, tunnel);
    }

    // IPv4 takes what has no route for a neighbour on the tunnel's link (ip_route_output_key_hash_rcu), IPv6 drops it.
    private bool IsReachable(IPAddr end, Link tunnel)
    {
        try
        {
            return client.Routes.Get(new RouteQuestion(end, OutInterface: tunnel.Vxlan?.LinkIndex ?? 0)) is not null;
        }
        catch (ErrnoException)
        {
            return false;
        }
    }

    // The tunnel's packets are this node's own: said only if they do not get through.
    private void AlongPath(IPAddr end, Link tunnel)
    {
        if (!IsReachable(end, tunnel))
        {
            IsSent = false;
            var below = network.FindLink(tunnel.Vxlan?.LinkIndex ?? 0)?.Name ?? "the link below";
            steps.Add(("path", $"no route to {end} by {below}: the tunnel's packets are dropped; give this node a route to it"));
            return;
        }

        if (RememberedMtu(end) is not { } mtu)
            return;
        var needed = tunnel.Mtu + Tunnels.VxlanOverhead(end.Is6);
        var verdict =
            mtu < needed ? $"; tunnel packets have up to {needed}, larger ones are fragmented or lost: set Backend.MTU to {mtu}" : "";
        steps.Add(("path", $"{mtu} bytes to {end}, reported by a router on the path{verdict}"));
    }

    private int? RememberedMtu(IPAddr destination)
    {
        try
        {
            return client.Routes.Get(destination) is { Mtu: > 0 } route && route.Mtu != FindInTable(destination)?.Mtu ? route.Mtu : null;
        }
        catch (ErrnoException)
        {
            return null;
        }
    }
}
