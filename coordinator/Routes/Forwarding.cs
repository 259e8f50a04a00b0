using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Engine;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Routes;

/// <summary>A node whose pods are to be reached forwards packets.</summary>
internal static class Forwarding
{
    private static string SettingOf(bool is6) => is6 ? "net/ipv6/conf/all/forwarding" : "net/ipv4/ip_forward";

    /// <summary>What <see cref="Ensure"/> would switch on.</summary>
    public static IReadOnlyList<Change> Plan(ClusterView view, RouteOptions options) =>
        Wanted(view, options).Where(is6 => Sysctl.Find(SettingOf(is6)) == "0").Select(ChangeOf).ToList();

    /// <summary>Switches forwarding on for each family that pods have here.</summary>
    public static SyncOutcome Ensure(ClusterView view, RouteOptions options)
    {
        var changes = new List<Change>();
        var problems = new List<string>();
        foreach (var is6 in Wanted(view, options))
        {
            if (Sysctl.Find(SettingOf(is6)) != "0")
                continue;
            try
            {
                Sysctl.Write(SettingOf(is6), "1");
                changes.Add(ChangeOf(is6));
            }
            catch (ErrnoException e)
            {
                problems.Add($"{NameOf(is6)} is 0 and cannot be written ({e.Message}); set it to 1 on the node, or mount /proc/sys writable");
            }
        }

        return new SyncOutcome(changes, problems);
    }

    private static IEnumerable<bool> Wanted(ClusterView view, RouteOptions options) =>
        options.EnablesForwarding ? view.Self.PodCidrs.Select(cidr => cidr.Is6).Distinct() : [];

    private static Change ChangeOf(bool is6) => new(ChangeVerb.Replace, "sysctl", $"{NameOf(is6)}=1");

    private static string NameOf(bool is6) => SettingOf(is6).Replace('/', '.');
}
