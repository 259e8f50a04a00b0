using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Route;

namespace Plugboard.Firewall.Pods;

/// <summary>
/// Decides whether the pod of a record lives: its link on the host exists or, if it has none, its network namespace does.
/// </summary>
public static class PodLife
{
    /// <summary>False only where it is known to be gone.</summary>
    public static bool IsAlive(this PodRecord record)
    {
        if (record.Link.Length > 0)
        {
            using var host = RouteClient.Open();
            return host.Links.Find(record.Link) is not null;
        }

        return record.NetNs.Length == 0 || IsNamespace(record.NetNs);
    }

    private static bool IsNamespace(string path)
    {
        try
        {
            NetworkNamespace.Open(path).Dispose();
            return true;
        }
        catch (NetworkNamespaceException)
        {
            return false;
        }
    }
}
