using Plugboard.Addresses;
using Plugboard.Doctor.Nodes;
using Plugboard.Netlink.Route;

namespace Plugboard.Doctor.Checks;

/// <summary>
/// Whether pods share their subnet with another link of the node, or with another network in use. A larger network around the pods' is no
/// conflict: the kernel takes the route with the longer prefix. Addresses of a single host, such as a tunnel's, are passed over.
/// </summary>
internal sealed class SubnetOverlapCheck : ICheck
{
    public string Name => "subnets of the pods";

    public IEnumerable<Finding> Examine(Node node)
    {
        var networks = PodNetwork.ListAll(node).ToList();
        return OfLinks(node)
            .Concat(OfConfigs(node, networks))
            .Concat(OfNetworks(node, networks))
            .DistinctBy(static conflict => conflict.Key)
            .Select(static conflict => conflict.Finding);
    }

    private static IEnumerable<Conflict> OfLinks(Node node)
    {
        var bridges = node.PodBridges.ToDictionary(static bridge => bridge.Index);
        foreach (var own in Networks(node).Where(address => bridges.ContainsKey(address.LinkIndex)))
        {
            foreach (var other in Networks(node).Where(address => address.LinkIndex != own.LinkIndex))
            {
                if (Conflicts(own.Address, other.Address, bridges.ContainsKey(other.LinkIndex)) && NameOf(node, other) is { } name)
                    yield return OfTwoLinks(node, bridges[own.LinkIndex].Name, own.Address, (name, other.Address));
            }
        }
    }

    // Of a bridge that the next ADD makes.
    private static IEnumerable<Conflict> OfConfigs(Node node, List<PodNetwork> networks)
    {
        foreach (var network in networks.Where(static network => network.Plugin.IsGateway))
        {
            var own = node.FindLink(network.Bridge)?.Index ?? 0;
            foreach (var other in Networks(node).Where(address => address.LinkIndex != own))
            {
                if (
                    NameOf(node, other) is { } name
                    && !name.StartsWith(network.Bridge + ".", StringComparison.Ordinal)
                    && network.Subnets.FirstOrDefault(subnet => Conflicts(subnet, other.Address, isPods: false)) is { Length: > 0 } shared
                )
                    yield return OfConfig(node, network, shared, (name, other.Address));
            }
        }
    }

    private static IEnumerable<Conflict> OfNetworks(Node node, List<PodNetwork> networks)
    {
        for (var i = 0; i < networks.Count; i++)
        {
            foreach (var other in networks.Skip(i + 1))
            {
                var one = networks[i];
                var isShared =
                    one.Bridge == other.Bridge
                        ? one.Leases != other.Leases && one.Ranges.Any(range => other.Ranges.Any(range.Overlaps))
                        : one.Plugin.IsGateway
                            && other.Plugin.IsGateway
                            && one.Subnets.Any(subnet => other.Subnets.Any(each => each.Is6 == subnet.Is6 && each.Overlaps(subnet)));
                if (isShared)
                    yield return OfTwoNetworks(node, one, other);
            }
        }
    }

    private static IEnumerable<InterfaceAddress> Networks(Node node) =>
        node.Addresses.Where(static address =>
            address.Scope == RouteScope.Universe && address.Address.Length < address.Address.Address.BitLength
        );

    private static string? NameOf(Node node, InterfaceAddress address) =>
        node.Links.FirstOrDefault(link => link.Index == address.LinkIndex) is { Name: not "lo" } link ? link.Name : null;

    private static bool Conflicts(IPPrefix pods, IPPrefix other, bool isPods) =>
        pods.Is6 == other.Is6 && pods.Overlaps(other) && (isPods || other.Length >= pods.Length);

    private static Conflict OfTwoLinks(Node node, string bridge, IPPrefix own, (string Link, IPPrefix Address) other) =>
        Describe(
            (bridge, other.Link),
            $"bridge {bridge} has {own}, and {other.Link} has {other.Address}",
            "the kernel sends packets for the shared addresses to one of the two links: pods of the other are not reached",
            $"give one of the two another subnet: for the pods of {bridge} correct it in {FileOf(node, bridge)}, end them, then `ip "
                + $"link delete {bridge}`: the next pod creates it again"
        );

    private static Conflict OfConfig(Node node, PodNetwork network, IPPrefix subnet, (string Link, IPPrefix Address) other) =>
        Describe(
            (network.Bridge, other.Link),
            $"{node.OnNode(network.Use.File.Path)} has subnet {subnet}, and link {other.Link} has {other.Address}",
            $"the first pod gives bridge {network.Bridge} an address of that subnet as well: the kernel then sends packets for it "
                + "to one of the two",
            $"choose another subnet in {node.OnNode(network.Use.File.Path)}"
        );

    private static Conflict OfTwoNetworks(Node node, PodNetwork one, PodNetwork other) =>
        Describe(
            one.Bridge == other.Bridge ? (one.Use.File.Path, other.Use.File.Path) : (one.Bridge, other.Bridge),
            $"networks {one.Use.List.Name} ({node.OnNode(one.Use.File.Path)}) and {other.Use.List.Name} "
                + $"({node.OnNode(other.Use.File.Path)}) have one subnet: {string.Join(", ", one.Subnets)} and "
                + $"{string.Join(", ", other.Subnets)}",
            one.Bridge == other.Bridge
                ? "each has leases of its own: two pods get one address"
                : $"the kernel sends packets for the subnet to one of the bridges {one.Bridge} and {other.Bridge}",
            $"choose another subnet in one of the two files, end the pods of that network, and delete its bridge with `ip link delete`"
        );

    private static string FileOf(Node node, string bridge) =>
        node.Networks.FirstOrDefault(file => file.Plugins.Any(plugin => plugin.Bridge == bridge)) is { } file
            ? node.OnNode(file.Path)
            : "its network config";

    private static Conflict Describe((string One, string Other) pair, string what, string why, string remedy)
    {
        var key = string.CompareOrdinal(pair.One, pair.Other) < 0 ? $"{pair.One} {pair.Other}" : $"{pair.Other} {pair.One}";
        return new Conflict(key, new Finding(FindingIds.SubnetOverlap, Severity.Error, what, why, remedy) { Subject = key });
    }

    /// <summary>A finding that several of the comparisons may come to.</summary>
    private sealed record Conflict(string Key, Finding Finding);
}
