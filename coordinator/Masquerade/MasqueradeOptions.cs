using Plugboard.Firewall.Iptables;

namespace Plugboard.Coordinator.Masquerade;

/// <summary>The flags of masquerading; ip-masq-agent's and flannel's have their names in the comments.</summary>
internal sealed record MasqueradeOptions
{
    /// <summary>The program whose rules are maintained.</summary>
    public MasqueradeKind Kind { get; init; } = MasqueradeKind.Agent;

    /// <summary><c>--backend</c>.</summary>
    public MasqueradeBackend Backend { get; init; } = MasqueradeBackend.Nftables;

    /// <summary><c>--masq-chain</c>: the chain of the iptables backend.</summary>
    public string MasqChain { get; init; } = "IP-MASQ-AGENT";

    /// <summary>
    /// <c>--nomasq-all-reserved-ranges</c>: without networks in the file all reserved ones are exempt, not only the private ones.
    /// </summary>
    public bool NoMasqAllReservedRanges { get; init; }

    /// <summary><c>--enable-ipv6</c>, of the agent's rules; flannel's follow the cluster's network.</summary>
    public bool EnableIPv6 { get; init; }

    /// <summary><c>--random-fully</c>; flannel's <c>--ip-masq-fully-random-disable</c> is its opposite.</summary>
    public bool RandomFully { get; init; } = true;

    /// <summary><c>--to-ports</c>: the ports that flows leave with; empty: the kernel chooses.</summary>
    public PortRanges ToPorts { get; init; } = PortRanges.Any;

    /// <summary>
    /// <c>--iptables-forward-rules</c>, of flannel's rules: packets from and to the cluster's network are accepted in FORWARD.
    /// </summary>
    public bool ForwardChainRules { get; init; }

    /// <summary>The iptables tools.</summary>
    public IptablesOptions Tools { get; init; } = new();
}

/// <summary>The backend of the rules.</summary>
internal enum MasqueradeBackend
{
    /// <summary>In a table of nftables' own, without a process.</summary>
    Nftables,

    /// <summary>In the reference's chains, by the iptables tools.</summary>
    Iptables,
}

/// <summary>The program whose rules are maintained.</summary>
internal enum MasqueradeKind
{
    /// <summary>ip-masq-agent's: packets that leave the node for other than the exempt networks.</summary>
    Agent,

    /// <summary>flannel's <c>--ip-masq</c>: traffic between pods and hosts outside the cluster network, in both directions.</summary>
    Flannel,
}
