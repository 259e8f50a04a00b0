using Plugboard.Addresses;
using Plugboard.Doctor.Nodes;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Doctor.Checks;

/// <summary>
/// Whether a bridge has the gateway's address that its network config wants, by the rule of ADD: another IPv4 address is a conflict, an
/// IPv6 one only if the networks overlap. flannel's bridge is compared with its file by <see cref="SubnetFileCheck"/>.
/// </summary>
internal sealed class BridgeAddressCheck : ICheck
{
    public string Name => "addresses of the bridges";

    public IEnumerable<Finding> Examine(Node node)
    {
        foreach (var network in PodNetwork.ListAll(node).Where(static network => network.Plugin is { SetsAddress: true, SubnetFile: null }))
        {
            if (node.FindLink(network.Bridge) is { Kind: "bridge" } bridge && FindConflict(node, network, bridge) is { } conflict)
                yield return conflict;
        }
    }

    private static Finding? FindConflict(Node node, PodNetwork network, Link bridge)
    {
        var present = node.Addresses.Where(address => address.LinkIndex == bridge.Index).Select(static address => address.Address).ToList();
        foreach (var set in network.RangeSets)
        {
            // Which range a pod gets is not known before: one that fits is enough.
            var wanted = set.Ranges.Select(static range => new IPPrefix(range.Gateway, range.Subnet.Length)).ToList();
            if (wanted.Exists(present.Contains))
                continue;
            var others = present.FindAll(other => other.Is6 == set.Is6 && (!other.Is6 || wanted.Exists(other.Overlaps)));
            if (others.Count > 0)
                return Differs(node, network, others, wanted);
        }

        return null;
    }

    private static Finding Differs(Node node, PodNetwork network, List<IPPrefix> present, List<IPPrefix> wanted)
    {
        var path = node.OnNode(network.Use.File.Path);
        return new Finding(
            FindingIds.BridgeAddressDiffers,
            Severity.Error,
            $"bridge {network.Bridge} has {string.Join(", ", present)}, {path} wants {string.Join(" or ", wanted)}",
            "new pods fail with \"already has an IP address different from\"",
            $"if the subnet was changed on purpose, end the pods of {network.Bridge}, then `ip link delete {network.Bridge}`: the next "
                + $"pod creates it again; else correct the subnet in {path}, or name a bridge that no other network has"
        )
        {
            Subject = network.Bridge,
        };
    }
}
