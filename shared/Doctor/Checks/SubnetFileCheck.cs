using System.Text.Json;
using Plugboard.Addresses;
using Plugboard.ClusterFiles;
using Plugboard.Doctor.Nodes;

namespace Plugboard.Doctor.Checks;

/// <summary>
/// flannel's subnet.env: whether it is there where a config reads it, and agrees with the cluster's config and the bridge.
/// </summary>
internal sealed class SubnetFileCheck : ICheck
{
    public string Name => "subnet.env";

    public IEnumerable<Finding> Examine(Node node)
    {
        if (node.SubnetFilePath is not { } path)
            yield break;
        var (file, fault) = Read(node, path);
        if (fault is not null)
            yield return fault;
        if (file is null)
            yield break;
        if (FindContradiction(node, file) is { } contradiction)
            yield return contradiction;
        if (FindBridge(node, file) is { } bridge)
            yield return bridge;
    }

    private static (SubnetFile? File, Finding? Fault) Read(Node node, string path)
    {
        var shown = node.OnNode(path);
        try
        {
            return SubnetFile.Find(path) is { } file
                ? (file, null)
                : (
                    null,
                    new Finding(
                        FindingIds.SubnetFileMissing,
                        Severity.Error,
                        $"{shown} is missing, and the network config reads it",
                        "every new pod fails with \"open subnet.env: no such file\"",
                        "find out why the flannel daemon or the coordinator on this node does not run: it writes the file when it knows "
                            + "the node's podCIDR"
                    )
                    {
                        Subject = path,
                    }
                );
        }
        catch (SubnetFileException e)
        {
            return (
                null,
                new Finding(
                    FindingIds.SubnetFileBroken,
                    Severity.Error,
                    e.Message,
                    "every new pod fails with it",
                    "remove the file and restart the daemon that writes it"
                )
                {
                    Subject = path,
                }
            );
        }
    }

    private static Finding? FindContradiction(Node node, SubnetFile file)
    {
        var conf = node.Options.NetConfFile;
        if (DurableFile.FindReadable(node.Under(conf)) is not { } content || NetworksOf(content) is not { Count: > 0 } networks)
            return null;
        foreach (var network in file.Networks.Concat(file.IPv6Networks))
        {
            if (networks.Exists(known => known.Overlaps(network)) || !networks.Exists(known => known.Is6 == network.Is6))
                continue;
            return new Finding(
                FindingIds.SubnetFileContradicts,
                Severity.Error,
                $"{node.OnNode(node.SubnetFilePath!)} says network {network}, {conf} says {string.Join(", ", networks)}",
                "pods of this node are in another network than those of the other nodes: they do not reach each other",
                "restart the daemon that writes the file; if that changes the network, restart the node's pods"
            )
            {
                Subject = network.ToString(),
            };
        }

        return null;
    }

    private static List<IPPrefix>? NetworksOf(byte[] content)
    {
        try
        {
            using var document = JsonDocument.Parse(content);
            var networks = new List<IPPrefix>();
            foreach (var key in (string[])["Network", "IPv6Network"])
            {
                if (
                    document.RootElement.TryGetProperty(key, out var value)
                    && value.ValueKind == JsonValueKind.String
                    && IPPrefix.TryParse(value.GetString(), out var network)
                )
                    networks.Add(network);
            }

            return networks;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Finding? FindBridge(Node node, SubnetFile file)
    {
        var name = node.ChosenNetwork!.Plugins.FirstOrDefault(static plugin => plugin.SubnetFile is not null)?.Bridge;
        if (name is null || node.FindLink(name) is not { } bridge || file.Subnet is not { } subnet)
            return null;
        var addresses = node
            .Addresses.Where(address => address.LinkIndex == bridge.Index && !address.Address.Is6)
            .Select(static address => address.Address)
            .ToList();
        if (addresses.Count == 0 || addresses.Exists(address => subnet.Contains(address.Address)))
            return null;
        return new Finding(
            FindingIds.BridgeAddressDiffers,
            Severity.Error,
            $"bridge {name} has {string.Join(", ", addresses)}, {node.OnNode(node.SubnetFilePath!)} says {subnet}",
            "the node's podCIDR has changed: new pods fail with \"already has an IP address different from\", and other nodes send "
                + "the replies elsewhere",
            $"drain the node, then `ip link delete {name}`: the next pod creates it again"
        )
        {
            Subject = name,
        };
    }
}
