namespace Plugboard.Coordinator.Policy.Reading;

/// <summary>What objects may have at most. More is refused: an object is obeyed wholly or not at all.</summary>
internal sealed record PolicyLimits
{
    /// <summary>
    /// The entries of one list of a policy: its rules, a rule's peers or ports, the parts of a block, the values of a label.
    /// </summary>
    public int List { get; init; } = 1000;

    /// <summary>The pairs of peers and ports of all rules of a policy in one direction: each is a rule of the kernel.</summary>
    public int Pairs { get; init; } = 10_000;

    /// <summary>The labels, or named ports, or requirements of one object.</summary>
    public int Parts { get; init; } = 500;

    /// <summary>The pods of a source.</summary>
    public int Pods { get; init; } = 200_000;

    /// <summary>The namespaces of a source.</summary>
    public int Namespaces { get; init; } = 50_000;

    /// <summary>The nodes of a source.</summary>
    public int Nodes { get; init; } = 20_000;

    /// <summary>The policies of a source.</summary>
    public int Policies { get; init; } = 20_000;
}
