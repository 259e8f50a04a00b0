namespace Plugboard.Coordinator.Routes;

/// <summary>What the operator chose of routes besides the cluster's network.</summary>
internal sealed record RouteOptions
{
    /// <summary>
    /// What is sent to an own pod that is not there is dropped instead of going out by the default route; flannel's
    /// <c>--ip-blackhole-route</c>.
    /// </summary>
    public bool BlackholesOwnNetwork { get; init; }

    /// <summary>Switches on forwarding where it is off.</summary>
    public bool EnablesIPForwarding { get; init; } = true;
}
