using System.Text.RegularExpressions;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Coordinator.Node;

/// <summary>Whether a link can carry packets to other nodes. Pure.</summary>
/// <param name="network">The node's links and addresses.</param>
/// <param name="ownPods">This node's pod networks.</param>
internal sealed partial class LinkFitness(NodeNetwork network, ValueArray<IPPrefix> ownPods)
{
    private static readonly string[] neverNames = ["cni0", "docker0", "kube-ipvs0", "nodelocaldns"];

    /// <summary>Why it cannot be the uplink, as <c>is down</c>; null if it can.</summary>
    /// <param name="link">The link.</param>
    /// <param name="isNamed">The operator named this link: then bridges of container engines count, which may have a port to the
    /// outside.</param>
    public string? FindFault(Link link, bool isNamed)
    {
        if ((link.Flags & LinkFlags.Loopback) != 0)
            return "is the loopback link";
        if (!link.IsUp)
            return "is down";
        if (
            link.Alias == DesiredTunnel.Alias
            || link.Name.StartsWith("flannel.", StringComparison.Ordinal)
            || link.Name.StartsWith("flannel-", StringComparison.Ordinal)
        )
            return "is a tunnel between nodes itself";
        if (
            neverNames.Contains(link.Name, StringComparer.Ordinal)
            || network.Addresses.Any(own => own.LinkIndex == link.Index && IsPods(own))
        )
            return "is a link to this node's own pods or containers";
        return !isNamed && (IsContainers().IsMatch(link.Name) || link is { Kind: "veth", MasterIndex: not 0 })
            ? "is a link to this node's own containers"
            : null;
    }

    /// <summary>False if it is known that no packet passes: no cable, or the other side is down.</summary>
    public static bool HasCarrier(Link link) => link.OperState is not (OperState.Down or OperState.LowerLayerDown or OperState.NotPresent);

    private bool IsPods(InterfaceAddress own) => ownPods.Any(pods => pods.Is6 == own.Address.Is6 && pods.Contains(own.Address.Address));

    [GeneratedRegex(
        @"^(docker[0-9]+|br-[0-9a-f]{12}|cni-podman[0-9]+|podman[0-9]+|nerdctl[0-9]+|lxcbr[0-9]+|lxdbr[0-9]+|virbr[0-9]+"
            + "|kube-bridge|cbr0|cali[0-9a-f]{11}|veth[0-9a-f]{7,8})$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex IsContainers();
}
