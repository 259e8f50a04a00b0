namespace Plugboard.Firewall;

/// <summary>What writes rules.</summary>
public enum FirewallBackend
{
    /// <summary>The kernel's nftables over netlink, no process.</summary>
    Nftables,

    /// <summary>The iptables tools, with the reference plugins' chains.</summary>
    Iptables,
}
