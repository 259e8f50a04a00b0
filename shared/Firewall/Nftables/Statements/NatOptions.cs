namespace Plugboard.Firewall.Nftables.Statements;

/// <summary>
/// How a change of address chooses ports. The values are the kernel's. Source: include/uapi/linux/netfilter/nf_nat.h; nft(8), NAT
/// STATEMENTS.
/// </summary>
[Flags]
public enum NatOptions
{
    /// <summary>The port is kept where it is free.</summary>
    None = 0,

    /// <summary>By a hash with a secret.</summary>
    Random = 4,

    /// <summary>A client gets the same address each time.</summary>
    Persistent = 8,

    /// <summary>At random.</summary>
    FullyRandom = 16,
}
