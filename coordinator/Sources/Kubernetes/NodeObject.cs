using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Kubernetes;

/// <summary>What is kept of a Node.</summary>
internal sealed record NodeObject
{
    /// <summary>Its name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Another one when it was made again under its name.</summary>
    public string Uid { get; init; } = "";

    /// <summary>Which state of it this is: opaque.</summary>
    public string ResourceVersion { get; init; } = "";

    /// <summary>When it was made; null: it does not say.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>flannel's annotations without their prefix.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    /// <summary>The networks of its pods, one per family.</summary>
    public ValueArray<IPPrefix> PodCidrs { get; init; } = [];

    /// <summary>What is in the place of its pods' networks and is none, as it is written.</summary>
    public ValueArray<string> InvalidPodCidrs { get; init; } = [];

    /// <summary>Its addresses, the internal ones first.</summary>
    public ValueArray<IPAddr> Addresses { get; init; } = [];

    /// <summary>Its condition NetworkUnavailable; null: it has none.</summary>
    public NodeCondition? NetworkUnavailable { get; init; }

    /// <summary>Its taints in their order.</summary>
    public ValueArray<NodeTaint> Taints { get; init; } = [];

    /// <summary>An annotation that is there and not empty; null: none.</summary>
    public string? Annotation(string name) => Annotations.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
}
