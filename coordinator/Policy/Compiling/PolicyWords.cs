using Plugboard.Coordinator.Policy.Objects;

namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>Words for people and for names.</summary>
internal static class PolicyWords
{
    /// <summary><c>ingress</c> or <c>egress</c>.</summary>
    public static string Of(PolicyDirection direction) => direction == PolicyDirection.Ingress ? "ingress" : "egress";
}
