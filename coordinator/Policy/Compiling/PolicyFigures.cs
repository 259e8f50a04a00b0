namespace Plugboard.Coordinator.Policy.Compiling;

/// <summary>How much there is of what.</summary>
internal sealed record PolicyFigures
{
    /// <summary>Pods of the cluster.</summary>
    public int Pods { get; init; }

    /// <summary>Pods of this node that have an address of their own.</summary>
    public int LocalPods { get; init; }

    /// <summary>Policies of the cluster.</summary>
    public int Policies { get; init; }

    /// <summary>Cluster policies.</summary>
    public int ClusterPolicies { get; init; }

    /// <summary>Nodes of the cluster, where a cluster policy asks for them.</summary>
    public int Nodes { get; init; }

    /// <summary>
    /// Chains of policies that select a pod of this node, one for each direction; one for each tier of cluster policies of some pods.
    /// </summary>
    public int PolicyChains { get; init; }

    /// <summary>Chains of pods with the same policies.</summary>
    public int Profiles { get; init; }

    /// <summary>Sets of the table, each family's for itself.</summary>
    public int Sets { get; init; }

    /// <summary>Distinct selectors of peers.</summary>
    public int Selectors { get; init; }
}
