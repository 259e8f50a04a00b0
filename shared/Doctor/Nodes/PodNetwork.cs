using Plugboard.Addresses;
using Plugboard.Ipam.HostLocal;
using Plugboard.Protocols.Cni;

namespace Plugboard.Doctor.Nodes;

/// <summary>A bridge network in use whose addresses host-local leases.</summary>
/// <param name="Use">Its config.</param>
/// <param name="Plugin">Its plugin.</param>
/// <param name="Leases">The directory of its leases: two networks with one directory never lease one address twice.</param>
/// <param name="RangeSets">What it leases.</param>
internal sealed record PodNetwork(NetworkUse Use, PluginUse Plugin, string Leases, IReadOnlyList<RangeSet> RangeSets)
{
    /// <summary>The bridge.</summary>
    public string Bridge => Plugin.Bridge!;

    /// <summary>All ranges.</summary>
    public IEnumerable<IPRange> Ranges => RangeSets.SelectMany(static set => set.Ranges);

    /// <summary>The networks of its ranges, each once.</summary>
    public IEnumerable<IPPrefix> Subnets => Ranges.Select(static range => range.Subnet.Network).Distinct();

    /// <summary>Those of the configs in use, as far as their ipam section is valid.</summary>
    public static IEnumerable<PodNetwork> ListAll(Node node)
    {
        foreach (var use in node.UsedNetworks)
        {
            var entries = NetworkConfig.Parse(use.List.Content).Root.GetList("plugins");
            for (var i = 0; i < entries.Count; i++)
            {
                var plugin = use.File.Plugins[i];
                if (plugin.Bridge is null || HostLocalRequest.Find(node, use.List, entries[i]) is not { } request)
                    continue;
                var problems = new Ipam.ConfigProblems();
                var config = HostLocalConfigReader.Read(request, problems);
                if (problems.Count == 0)
                    yield return new PodNetwork(use, plugin, $"{config.DataDir}/{use.List.Name}", config.RangeSets);
            }
        }
    }
}
