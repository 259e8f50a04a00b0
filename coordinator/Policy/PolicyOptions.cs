using Plugboard.Coordinator.Policy.Reading;

namespace Plugboard.Coordinator.Policy;

/// <summary>The operator's options of network policy.</summary>
internal sealed record PolicyOptions
{
    /// <summary>This node's name.</summary>
    public required string NodeName { get; init; }

    /// <summary>
    /// <c>--policy-dir</c>: the directory of <c>policies.yaml</c> and <c>pods.yaml</c>; null: the objects are the Kubernetes API's.
    /// </summary>
    public string? Directory { get; init; }

    /// <summary>What an object may have at most.</summary>
    public PolicyLimits Limits { get; init; } = new();

    /// <summary><c>--policy-namespace-annotation</c>: the annotation of before NetworkPolicy v1 isolates a namespace's pods.</summary>
    public bool ReadsAnnotation { get; init; }

    /// <summary><c>--policy-cluster</c>: ClusterNetworkPolicies are read and enforced too.</summary>
    public bool ReadsCluster { get; init; }

    /// <summary><c>--policy-start closed</c>: packets of pods that are not known yet are refused.</summary>
    public bool StartsClosed { get; init; }

    /// <summary><c>--policy-wait</c>: how long an ADD waits until its pod's policies are in force; zero: it does not.</summary>
    public TimeSpan StartWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary><c>--policy-established cut</c>: connections that exist end when a policy forbids them.</summary>
    public bool CutsEstablished { get; init; } = true;

    /// <summary><c>--policy-guard</c>: no other process can change or remove the table while this one runs.</summary>
    public bool Guards { get; init; }

    /// <summary><c>--policy-reject</c>: refused packets are answered, not dropped.</summary>
    public bool Rejects { get; init; }

    /// <summary><c>--policy-log</c>: the kernel logs refused packets, some of each second.</summary>
    public bool Logs { get; init; }
}
