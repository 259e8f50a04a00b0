namespace Plugboard.Coordinator.Masquerade;

/// <summary>The program whose rules are maintained.</summary>
internal enum MasqueradeKind
{
    /// <summary>ip-masq-agent's: packets that leave the node for other than the exempt networks.</summary>
    Agent,

    /// <summary>flannel's <c>--ip-masq</c>: traffic between pods and hosts outside the cluster network, in both directions.</summary>
    Flannel,
}
