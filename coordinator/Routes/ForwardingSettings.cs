using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Routes;

/// <summary>Enables IP forwarding on a node with pods, and keeps the routes that IPv6 routers advertised.</summary>
/// <param name="client">The node's network.</param>
/// <param name="options">The operator's options.</param>
internal sealed class ForwardingSettings(RouteClient client, RouteOptions options)
{
    /// <summary>The settings that <see cref="Ensure"/> would write.</summary>
    public SyncOutcome Plan(ClusterView view) => ForEach(view, static (plan, outcome) => outcome.Changes.AddRange(plan.Select(ChangeOf)));

    /// <summary>Enables IP forwarding for each family of pods.</summary>
    public SyncOutcome Ensure(ClusterView view) => ForEach(view, Write);

    private static void Write(IReadOnlyList<SysctlChange> plan, (List<Change> Changes, List<string> Problems) outcome)
    {
        foreach (var change in plan)
        {
            if (Sysctl.TrySet(change.Name, change.Value) is { } refusal)
            {
                // A link may be gone meanwhile; a missing last setting of the plan does no harm.
                if (refusal.Errno == Errno.ENOENT && change != plan[^1])
                    continue;
                outcome.Problems.Add($"{refusal.Message}; {IPForwarding.Advice(plan)}");
                return;
            }

            outcome.Changes.Add(ChangeOf(change));
        }
    }

    private SyncOutcome ForEach(ClusterView view, Action<IReadOnlyList<SysctlChange>, (List<Change> Changes, List<string> Problems)> act)
    {
        var outcome = (Changes: new List<Change>(), Problems: new List<string>());
        foreach (var is6 in options.EnablesIPForwarding ? view.Self.PodCidrs.Select(static cidr => cidr.Is6).Distinct() : [])
        {
            try
            {
                act(new IPForwarding(client).Plan(is6), outcome);
            }
            catch (NetlinkException e) when (is6 && e.Errno is Errno.EOPNOTSUPP or Errno.EAFNOSUPPORT)
            {
                outcome.Problems.Add(
                    "this node has IPv6 pods, but its kernel has no IPv6: boot without ipv6.disable=1, "
                        + "or remove the IPv6 network from this node's pod networks"
                );
            }
        }

        return new SyncOutcome(outcome.Changes, outcome.Problems);
    }

    private static Change ChangeOf(SysctlChange change) => new(ChangeVerb.Replace, "sysctl", change.ToString());
}
