using Plugboard.Coordinator.Cluster;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Routes;

/// <summary>All objects that are needed to reach the pods of the other nodes.</summary>
internal sealed record RoutePlan
{
    /// <summary>The tunnels' links.</summary>
    public ValueArray<DesiredTunnel> Tunnels { get; init; } = [];

    /// <summary>The tunnels' permanent neighbours.</summary>
    public IReadOnlyList<DesiredNeighbour> Neighbours { get; init; } = [];

    /// <summary>The tunnels' FDBs.</summary>
    public IReadOnlyList<DesiredFdbEntry> Fdb { get; init; } = [];

    /// <summary>The routes.</summary>
    public IReadOnlyList<DesiredRoute> Routes { get; init; } = [];

    /// <summary>How each peer is reached, or why not.</summary>
    public IReadOnlyList<PeerPath> Paths { get; init; } = [];

    /// <summary>Problems for the operator, a sentence each.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}
