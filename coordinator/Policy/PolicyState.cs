using Plugboard.Coordinator.Policy.Compiling;

namespace Plugboard.Coordinator.Policy;

/// <summary>What the reconciler of policies did last, for metrics.</summary>
/// <param name="Figures">How much there is of what.</param>
/// <param name="LastChange">The time from reading changed objects to the kernel's answer; null: nothing was changed yet.</param>
/// <param name="Compared">How often the whole table was compared.</param>
internal sealed record PolicyState(PolicyFigures Figures, TimeSpan? LastChange, long Compared)
{
    /// <summary>How each kind of objects is read.</summary>
    public IReadOnlyList<PolicySourceKind> Kinds { get; init; } = [];

    /// <summary>
    /// The packets that were refused since the table was made: what pods sent, what was sent to them, and those of connections that existed
    /// before a policy forbade them; null: not read.
    /// </summary>
    public (ulong Egress, ulong Ingress, ulong Established)? Refused { get; init; }

    /// <summary>How long changes took, each as <see cref="LastChange"/>.</summary>
    public LatencyHistogram Changes { get; init; } = LatencyHistogram.Empty;

    /// <summary>How many connections that existed were cut.</summary>
    public long CutFlows { get; init; }

    /// <summary>How many pods plugins reported whose policies are not in force yet.</summary>
    public int WaitingPods { get; init; }
}
