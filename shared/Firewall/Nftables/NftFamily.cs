namespace Plugboard.Firewall.Nftables;

/// <summary>
/// A table's family: which packets it sees. The values are the kernel's. Source: include/uapi/linux/netfilter.h (NFPROTO_*).
/// </summary>
public enum NftFamily : byte
{
    /// <summary>IPv4 and IPv6 in one table; with NAT since Linux 5.2.</summary>
    Inet = 1,

    /// <summary>IPv4.</summary>
    IPv4 = 2,

    /// <summary>ARP.</summary>
    Arp = 3,

    /// <summary>A device's ingress and egress.</summary>
    Netdev = 5,

    /// <summary>Packets through a bridge.</summary>
    Bridge = 7,

    /// <summary>IPv6.</summary>
    IPv6 = 10,
}
