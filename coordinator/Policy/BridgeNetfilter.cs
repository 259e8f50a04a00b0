using Plugboard.Coordinator.Reconciling;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy;

/// <summary>
/// Lets the forward hook see packets between two ports of one bridge, which the kernel else passes on as frames: no policy would apply to
/// them. The settings come with the module br_netfilter, one pair for each network namespace.
/// </summary>
internal static class BridgeNetfilter
{
    private static readonly string[] settings = ["net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables"];

    /// <summary>True if another process has switched off one of the settings; false also if the module is not loaded.</summary>
    public static bool IsOff() => Array.Exists(settings, static name => Sysctl.Find(name) == "0");

    /// <summary>Sets what is not set; or only reports it.</summary>
    /// <param name="isDryRun">Change nothing.</param>
    /// <param name="hasBridge">This node has a bridge.</param>
    public static SyncOutcome Ensure(bool isDryRun, bool hasBridge)
    {
        var changes = new List<Change>();
        foreach (var name in settings)
        {
            var value = Sysctl.Find(name);
            if (value == "1")
                continue;
            if (value is null && !hasBridge)
                continue;
            if (value is null)
                return Missing(changes);
            if (!isDryRun && Sysctl.TrySet(name, "1") is { } refusal)
                return new SyncOutcome(changes, [$"{refusal.Message}; packets between two pods of one bridge pass by the policies"]);
            changes.Add(new Change(ChangeVerb.Replace, "sysctl", $"{Sysctl.Dotted(name)} = 1"));
        }

        return changes.Count == 0 ? SyncOutcome.Steady : new SyncOutcome(changes, []);
    }

    private static SyncOutcome Missing(List<Change> changes) =>
        new(
            changes,
            [
                "this node has a bridge, and the kernel module br_netfilter is not loaded: packets between two pods of one bridge pass by "
                    + "the policies; load it (modprobe br_netfilter), and name it in /etc/modules-load.d for the next boot",
            ]
        );
}
