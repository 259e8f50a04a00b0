namespace Plugboard.Coordinator.Masquerade;

/// <summary>Whose rules are kept.</summary>
internal enum MasqueradeKind
{
    /// <summary>ip-masq-agent's: all that leaves the node for other than the exempt networks.</summary>
    Agent,

    /// <summary>flannel's <c>--ip-masq</c>: what pods send out of the cluster's network, and what others send into it.</summary>
    Flannel,
}
