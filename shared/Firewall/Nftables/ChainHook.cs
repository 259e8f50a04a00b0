namespace Plugboard.Firewall.Nftables;

/// <summary>Where a base chain hangs in the packets' way.</summary>
/// <param name="Type">What its rules may do.</param>
/// <param name="Hook">The place.</param>
/// <param name="Priority">Its order among the chains of that place, the lowest first; nft's names are -300 raw, -150 mangle, -100 dstnat, 0
/// filter, 100 srcnat.</param>
public sealed record ChainHook(ChainType Type, NftHook Hook, int Priority)
{
    /// <summary>A packet that no rule decided on is dropped instead of accepted.</summary>
    public bool DropsByDefault { get; init; }

    internal string TypeWord =>
        Type switch
        {
            ChainType.Nat => "nat",
            ChainType.Route => "route",
            _ => "filter",
        };

    internal string HookWord =>
        Hook switch
        {
            NftHook.Prerouting => "prerouting",
            NftHook.Input => "input",
            NftHook.Forward => "forward",
            NftHook.Output => "output",
            _ => "postrouting",
        };
}

/// <summary>What the rules of a base chain may do.</summary>
public enum ChainType
{
    /// <summary>Accept and drop.</summary>
    Filter,

    /// <summary>Also change addresses and ports; only the first packet of a flow comes here.</summary>
    Nat,

    /// <summary>Also routes the packet again.</summary>
    Route,
}

/// <summary>
/// A place in the packets' way. The values are the kernel's, for ip, ip6, inet and bridge alike. Source: include/uapi/linux/netfilter.h.
/// </summary>
public enum NftHook
{
    /// <summary>All that arrives.</summary>
    Prerouting = 0,

    /// <summary>What is for this node.</summary>
    Input = 1,

    /// <summary>What passes through.</summary>
    Forward = 2,

    /// <summary>What this node sends.</summary>
    Output = 3,

    /// <summary>All that leaves.</summary>
    Postrouting = 4,
}
