namespace Plugboard.Coordinator.Routes;

/// <summary>What the operator chose of routes besides the cluster's network.</summary>
internal sealed record RouteOptions
{
    /// <summary>
    /// Packets to own pod addresses that no pod has are dropped instead of leaving by the default route; flannel's
    /// <c>--ip-blackhole-route</c>.
    /// </summary>
    public bool BlackholesOwnNetwork { get; init; }

    /// <summary>Switches on forwarding where it is off.</summary>
    public bool EnablesIPForwarding { get; init; } = true;
}
