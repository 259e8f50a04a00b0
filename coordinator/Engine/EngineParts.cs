using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Routes;
using Plugboard.Coordinator.Sources;
using Plugboard.Firewall.Nftables;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Engine;

/// <summary>What an engine is made of.</summary>
internal sealed record EngineParts
{
    /// <summary>Who the nodes are.</summary>
    public required IPeerSource Source { get; init; }

    /// <summary>Makes the view.</summary>
    public required ViewBuilder ViewBuilder { get; init; }

    /// <summary>How the node's own link is chosen.</summary>
    public required UplinkOptions Uplink { get; init; }

    /// <summary>The node's network.</summary>
    public required RouteClient Client { get; init; }

    /// <summary>What is read of it, shared with <see cref="Routes"/>.</summary>
    public required NodeNetwork Network { get; init; }

    /// <summary>The reconciler of routes, which hears of each change of the network; null: routes are somebody else's.</summary>
    public RouteReconciler? Routes { get; init; }

    /// <summary>All reconcilers in the order in which what one makes is needed by the next: rules, routes, files.</summary>
    public required IReadOnlyList<IReconciler> Reconcilers { get; init; }

    /// <summary>Which reconcilers a change of which nftables concerns.</summary>
    public Func<NftablesTransaction, IEnumerable<IReconciler>> FindRulesReconcilers { get; init; } = static _ => [];

    /// <summary>Writes a line of the log.</summary>
    public required Action<string> Log { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>How the kernel's notifications are heard.</summary>
    public NotificationListeners Listeners { get; init; } = new();
}
