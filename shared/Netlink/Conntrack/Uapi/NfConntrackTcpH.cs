namespace Plugboard.Netlink.Conntrack.Uapi;

/// <summary>include/uapi/linux/netfilter/nf_conntrack_tcp.h</summary>
internal static class NfConntrackTcpH
{
    public const byte TCP_CONNTRACK_ESTABLISHED = 3;
    public const byte IP_CT_TCP_FLAG_BE_LIBERAL = 8;
}
