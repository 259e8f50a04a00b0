using Plugboard.ClusterFiles;
using Plugboard.Doctor.Nodes;
using Plugboard.Ipam.HostLocal;
using Plugboard.Protocols.Cni;

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

    private static IReadOnlyList<string> FindFull(Node node, Conflist list, ConfigNode plugin) =>
        HostLocalRequest.Find(node, list, plugin) is { } request ? HostLocalPlugin.FindUsedUp(request) : [];

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
