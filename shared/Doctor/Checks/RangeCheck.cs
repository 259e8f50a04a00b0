using System.Text.Json;
using Plugboard.Addresses;
using Plugboard.ClusterFiles;
using Plugboard.Doctor.Nodes;
using Plugboard.Ipam.HostLocal;
using Plugboard.Protocols.Cni;
using ClusterSubnetFile = Plugboard.ClusterFiles.SubnetFile;

namespace Plugboard.Doctor.Checks;

/// <summary>
/// Whether host-local has an address for one more pod: STATUS does not say so, because a runtime would take the whole node for broken.
/// </summary>
internal sealed class RangeCheck : ICheck
{
    public string Name => "ranges";

    public IEnumerable<Finding> Examine(Node node)
    {
        var told = new HashSet<string>(StringComparer.Ordinal);
        foreach (var list in node.Networks.Select(static file => file.List).OfType<Conflist>())
        {
            foreach (var plugin in NetworkConfig.Parse(list.Content).Root.GetList("plugins"))
            {
                foreach (var full in FindFull(node, list, plugin).Where(told.Add))
                    yield return Full(full.Replace(node.Under("") + "/", "/", StringComparison.Ordinal));
            }
        }
    }

    private static IReadOnlyList<string> FindFull(Node node, Conflist list, ConfigNode plugin)
    {
        var ipam = plugin.Find("ipam") is { Value.Kind: JsonValueKind.Object } found ? found : (ConfigNode?)null;
        var isFlannel = plugin.GetString("type") == "flannel";
        if ((ipam?.FindString("type") ?? (isFlannel ? "host-local" : "")) != "host-local")
            return [];
        var keys = JsonMembers.From(ipam?.Value);
        keys.Set(
            "dataDir",
            JsonValue.Of(node.Under(ipam?.FindString("dataDir") is { Length: > 0 } dataDir ? dataDir : node.Options.DataDirectory))
        );
        if (isFlannel)
            keys.Set(
                "ranges",
                RangesOf(node, plugin.FindString("subnetFile") is { Length: > 0 } file ? file : ClusterSubnetFile.DefaultPath)
            );
        var config = new JsonMembers();
        config.Set("name", JsonValue.Of(list.Name));
        config.Set("ipam", keys.ToValue());
        return HostLocalPlugin.FindUsedUp(
            new CniRequest
            {
                Verb = CniVerb.Status,
                StdinBytes = [],
                Config = new ConfigNode(config.ToValue(), ""),
                NetworkName = list.Name,
                CniVersion = list.CniVersion,
            }
        );
    }

    private static JsonValue RangesOf(Node node, string path)
    {
        var ranges = new List<JsonValue>();
        try
        {
            var file = ClusterSubnetFile.Find(node.Under(path));
            foreach (var subnet in new[] { file?.Subnet, file?.IPv6Subnet }.OfType<IPPrefix>())
            {
                var range = new JsonMembers();
                range.Set("subnet", JsonValue.Of(subnet.Network.ToString()));
                ranges.Add(JsonValue.Of([range.ToValue()]));
            }
        }
        catch (SubnetFileException)
        {
            // That is another check's finding.
            ranges.Clear();
        }

        return JsonValue.Of(ranges);
    }

    private static Finding Full(string full) =>
        new(
            FindingIds.RangeFull,
            Severity.Warning,
            $"no address is left in {full}",
            "the next pod of the network fails with error 11, \"no IP addresses available in range set\"; running pods are not "
                + "affected, and STATUS reports ready",
            "check for leases of containers that are gone (lease-without-container); else give the network a larger range or "
                + "the node fewer pods (kubelet: maxPods)"
        )
        {
            Subject = full,
            MayPass = true,
        };
}
