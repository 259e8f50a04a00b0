using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Judging;

/// <summary>What the policies say of a connection.</summary>
/// <param name="Egress">The source's side.</param>
/// <param name="Ingress">The destination's side.</param>
internal sealed record PolicyVerdict(DirectionVerdict Egress, DirectionVerdict Ingress)
{
    /// <summary>Both sides allow it.</summary>
    public bool IsAllowed => Egress.IsAllowed && Ingress.IsAllowed;
}

/// <summary>What the policies of one side say.</summary>
internal sealed record DirectionVerdict
{
    /// <summary>The pod on this side; null: no pod has the address.</summary>
    public PolicyPod? Subject { get; init; }

    /// <summary>Why no policy is asked, a clause; null: they are asked.</summary>
    public string? Exemption { get; init; }

    /// <summary>The policies that isolate the pod in this direction; empty: it is open.</summary>
    public ValueArray<ObjectName> Isolating { get; init; } = [];

    /// <summary>Those of them that allow the connection.</summary>
    public ValueArray<ObjectName> Allowing { get; init; } = [];

    /// <summary>This side allows it.</summary>
    public bool IsAllowed => Isolating.Count == 0 || Allowing.Count > 0;
}
