namespace Plugboard.Coordinator.Reconciling;

/// <summary>One change to the node, as people read it.</summary>
/// <param name="Verb">What is done.</param>
/// <param name="Kind">What it is done to: <c>route</c>, <c>neighbour</c>, <c>fdb</c>, <c>link</c>, <c>address</c>, <c>table</c>,
/// <c>chain</c>, <c>file</c>, <c>sysctl</c>.</param>
/// <param name="Text">In the words of ip(8), bridge(8) or nft(8), as <c>10.244.1.0/24 via 192.168.0.2 dev eth0 proto 110</c>.</param>
internal sealed record Change(ChangeVerb Verb, string Kind, string Text)
{
    /// <summary>One line.</summary>
    public override string ToString() => $"{Verb.ToString().ToLowerInvariant()} {Kind} {Text}";
}
