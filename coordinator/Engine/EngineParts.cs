using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Coordinator.Sources;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Engine;

/// <summary>What an engine is made of.</summary>
internal sealed record EngineParts
{
    /// <summary>The source of the nodes.</summary>
    public required IPeerSource Source { get; init; }

    /// <summary>Makes the view.</summary>
    public required ViewBuilder ViewBuilder { get; init; }

    /// <summary>How the node's own link is chosen.</summary>
    public required UplinkOptions Uplink { get; init; }

    /// <summary>The node's network.</summary>
    public required RouteClient Client { get; init; }

    /// <summary>What was last read of it, shared with the reconcilers.</summary>
    public required NodeNetwork Network { get; init; }

    /// <summary>All reconcilers in the order in which what one makes is needed by the next: rules, routes, files.</summary>
    public required IReadOnlyList<IReconciler> Reconcilers { get; init; }

    /// <summary>Writes a line of the log.</summary>
    public required Action<string> Log { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Opens the listeners for the kernel's notifications.</summary>
    public NotificationListeners Listeners { get; init; } = new();
}
