using System.Text.Json;
using Plugboard.Addresses;
using Plugboard.ClusterFiles;
using Plugboard.Protocols.Cni;
using ClusterSubnetFile = Plugboard.ClusterFiles.SubnetFile;

namespace Plugboard.Doctor.Nodes;

/// <summary>What host-local is asked for a plugin of a network config, with paths as this process sees them.</summary>
internal static class HostLocalRequest
{
    /// <summary>The request; null if the plugin's addresses are not host-local's.</summary>
    public static CniRequest? Find(Node node, Conflist list, ConfigNode plugin)
    {
        var ipam = plugin.Find("ipam") is { Value.Kind: JsonValueKind.Object } found ? found : (ConfigNode?)null;
        var isFlannel = plugin.GetString("type") == "flannel";
        if ((ipam?.FindString("type") ?? (isFlannel ? "host-local" : "")) != "host-local")
            return null;
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
        return new CniRequest
        {
            Verb = CniVerb.Status,
            StdinBytes = [],
            Config = new ConfigNode(config.ToValue(), ""),
            NetworkName = list.Name,
            CniVersion = list.CniVersion,
        };
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
}
