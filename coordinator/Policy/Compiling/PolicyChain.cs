using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>A chain of the compiled rules: of one policy, or of all policies of some pods. Its name is made of what it says.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Direction">The direction it judges.</param>
/// <param name="Comment">What it is, for people; at most 128 bytes.</param>
/// <param name="Steps">What it does, in order.</param>
internal sealed record PolicyChain(string Name, PolicyDirection Direction, string Comment, ValueArray<PolicyStep> Steps)
{
    /// <summary>It is of pods: after its steps the packet is refused. A policy's chain returns.</summary>
    public required bool IsProfile { get; init; }

    /// <summary>It is of pods that no NetworkPolicy isolates: after its steps the packet passes.</summary>
    public bool IsOpen { get; init; }
}

/// <summary>One step: decides of a packet that is in all its sets, or goes into another chain and back.</summary>
internal sealed record PolicyStep
{
    /// <summary>The family it concerns; null: both.</summary>
    public bool? Is6 { get; init; }

    /// <summary>The set that the other end's address must be in; null: any address.</summary>
    public PolicySet? Peers { get; init; }

    /// <summary>The set that the port must be in; null: any packet.</summary>
    public PolicySet? Ports { get; init; }

    /// <summary>The chain to go into; empty: the packet is decided of.</summary>
    public string Chain { get; init; } = "";

    /// <summary>What becomes of the packet; Pass leaves the chain.</summary>
    public RuleAction Action { get; init; }

    /// <summary>The rule of a cluster policy that it is of, for people; empty: it is of a NetworkPolicy.</summary>
    public string Rule { get; init; } = "";

    /// <summary>It concerns every packet.</summary>
    public bool IsForAll => Is6 is null && Peers is null && Ports is null;

    /// <summary>A text that only an equal step has.</summary>
    public override string ToString() => $"{Is6} {Peers?.Name} {Ports?.Name} {Chain}" + (Rule.Length > 0 ? $" {Action} {Rule}" : "");
}
