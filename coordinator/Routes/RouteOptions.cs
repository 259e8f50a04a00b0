namespace Plugboard.Coordinator.Routes;

/// <summary>The operator's options for routes, besides the cluster network.</summary>
internal sealed record RouteOptions
{
    /// <summary>
    /// Packets to own pod addresses that no pod has are dropped instead of leaving by the default route; flannel's
    /// <c>--ip-blackhole-route</c>.
    /// </summary>
    public bool BlackholesOwnNetwork { get; init; }

    /// <summary>Enables IP forwarding if it is off.</summary>
    public bool EnablesIPForwarding { get; init; } = true;
}
