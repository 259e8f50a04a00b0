using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Coordinator.Node;

/// <summary>
/// Finds the uplink in use: the one chosen before, else the link below a tunnel that an earlier run, or flanneld, left, else the one of the
/// coordinator's routes. Pure.
/// </summary>
internal sealed class UplinkInUse
{
    private readonly List<(Link Link, ValueArray<IPAddr> Addresses, string Why)> candidates = [];

    /// <summary>Finds it.</summary>
    /// <param name="network">The node's links, addresses and routes.</param>
    /// <param name="before">What was chosen before in this run; null: nothing.</param>
    public UplinkInUse(NodeNetwork network, Uplink? before)
    {
        if (
            before is not null
            && (network.FindLink(before.Link.Index) ?? network.Links.GetValueOrDefault(before.Link.Name)) is { } chosen
            && chosen.Name == before.Link.Name
        )
        {
            candidates.Add((chosen, before.Addresses.Select(address => address.Address).ToValueArray(), before.Why));
            return;
        }

        foreach (
            var (tunnel, link, local) in network.Links.Values.OrderBy(link => link.Index).SelectMany(tunnel => EndsOf(tunnel, network))
        )
            candidates.Add((link, [local], $"the existing tunnel {tunnel} ends at {local}"));
        Merge();
        foreach (var index in network.Routes.Values.Where(IsOwn).Select(route => route.OutInterface).Distinct())
        {
            if (network.FindLink(index) is { Vxlan: null, Ipip: null } link && !IsLink(link))
                candidates.Add((link, [], $"the coordinator's routes leave by it"));
        }
    }

    /// <summary>The addresses in use.</summary>
    public IEnumerable<IPAddr> Addresses => candidates.SelectMany(each => each.Addresses);

    /// <summary>The possible links, the most certain first.</summary>
    public IReadOnlyList<(Link Link, ValueArray<IPAddr> Addresses, string Why)> Candidates() => candidates;

    /// <summary>True for the link in use.</summary>
    public bool IsLink(Link link) => candidates.Exists(each => each.Link.Index == link.Index);

    private static bool IsOwn(Netlink.Route.Route route) => route.Protocol == RouteProtocol.Plugboard && route.OutInterface != 0;

    private static IEnumerable<(string Tunnel, Link Link, IPAddr Local)> EndsOf(Link tunnel, NodeNetwork network)
    {
        if (
            tunnel.Alias != DesiredTunnel.Alias
            && !tunnel.Name.StartsWith("flannel.", StringComparison.Ordinal)
            && !tunnel.Name.StartsWith("flannel-v6.", StringComparison.Ordinal)
        )
            yield break;
        var (index, local) = tunnel.Vxlan is { } vxlan ? (vxlan.LinkIndex, vxlan.Local) : (tunnel.Ipip?.LinkIndex ?? 0, tunnel.Ipip?.Local);
        if (
            local is { } end
            && network.FindLink(index) is { } link
            && network.Addresses.Any(own => own.LinkIndex == index && own.Address.Address == end)
        )
            yield return (tunnel.Name, link, end);
    }

    // The tunnels of both families end at one link.
    private void Merge()
    {
        var merged = candidates
            .GroupBy(each => each.Link.Index)
            .Select(group => (group.First().Link, group.SelectMany(each => each.Addresses).ToValueArray(), group.First().Why))
            .ToList();
        candidates.Clear();
        candidates.AddRange(merged);
    }
}
