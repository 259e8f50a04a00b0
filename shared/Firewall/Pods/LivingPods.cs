using Plugboard.Netlink.Route;

namespace Plugboard.Firewall.Pods;

/// <summary>
/// Which pods live, by <see cref="PodLife"/>'s rule; the node's links are read once for all of them, when it is first asked.
/// </summary>
internal sealed class LivingPods
{
    private HashSet<string>? links;

    /// <summary>False only where a record's pod is known to be gone.</summary>
    public bool Has(PodRecord record) => record.Link.Length > 0 ? (links ??= ReadLinks()).Contains(record.Link) : record.IsAlive();

    private static HashSet<string> ReadLinks()
    {
        using var host = RouteClient.Open();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var link in host.Links.List())
            names.Add(link.Name);
        return names;
    }
}
