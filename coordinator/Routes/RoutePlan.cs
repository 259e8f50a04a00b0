using Plugboard.Linux;

namespace Plugboard.Coordinator.Routes;

/// <summary>All that should be there for the pods of the other nodes to be reached.</summary>
internal sealed record RoutePlan
{
    /// <summary>The tunnels' links.</summary>
    public ValueArray<DesiredTunnel> Tunnels { get; init; } = [];

    /// <summary>The tunnels' permanent neighbours.</summary>
    public IReadOnlyList<DesiredNeighbour> Neighbours { get; init; } = [];

    /// <summary>The tunnels' fdb databases.</summary>
    public IReadOnlyList<DesiredFdbEntry> Fdb { get; init; } = [];

    /// <summary>The routes.</summary>
    public IReadOnlyList<DesiredRoute> Routes { get; init; } = [];

    /// <summary>How each peer is reached, or why not.</summary>
    public IReadOnlyList<PeerPath> Paths { get; init; } = [];

    /// <summary>What an operator has to see to, each a sentence.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}
