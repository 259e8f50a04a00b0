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

    /// <summary>The answer of the tier Admin; null: it has none.</summary>
    public ClusterVerdict? Admin { get; init; }

    /// <summary>The policies that isolate the pod in this direction; empty: it is open.</summary>
    public ValueArray<ObjectName> Isolating { get; init; } = [];

    /// <summary>Those of them that allow the connection.</summary>
    public ValueArray<ObjectName> Allowing { get; init; } = [];

    /// <summary>The answer of the tier Baseline; null: it has none, or is not asked.</summary>
    public ClusterVerdict? Baseline { get; init; }

    /// <summary>This side allows it.</summary>
    public bool IsAllowed =>
        Admin?.Action switch
        {
            RuleAction.Accept => true,
            RuleAction.Deny => false,
            _ => Isolating.Count > 0 ? Allowing.Count > 0 : Baseline?.Action != RuleAction.Deny,
        };
}

/// <summary>The rule that answers for a tier.</summary>
/// <param name="Policy">Its policy.</param>
/// <param name="Action">Its action.</param>
/// <param name="Rule">Its name in quotes, or its number from 1, for people: <c>rule 2</c>.</param>
internal sealed record ClusterVerdict(ClusterPolicy Policy, RuleAction Action, string Rule);
