using Plugboard.Firewall.Nftables;
using Plugboard.Linux;
using Plugboard.Protocols.Cni;

namespace Plugboard.Portmap;

/// <summary>The CNI meaning of what the kernel's firewall refuses.</summary>
internal static class FirewallFailure
{
    /// <summary>The failure to report.</summary>
    public static CniException Describe(NftablesException e) => e.Errno switch
    {
        Errno.EBUSY or Errno.EAGAIN or Errno.ENOENT => new CniException(CniErrorCode.TryAgainLater, e.Message, "another program changed the rules meanwhile: the call can be repeated", e),
        Errno.EOPNOTSUPP or Errno.EPROTONOSUPPORT or Errno.EAFNOSUPPORT => new CniException(
            CniErrorCode.UnsupportedField, e.Message, "this kernel's nftables lacks it (NAT in inet tables wants Linux 5.2, sets of address pairs 5.6): set backend to \"iptables\"", e),
        Errno.EPERM => new CniException(CniErrorCode.IOFailure, e.Message, "the plugin needs CAP_NET_ADMIN", e),
        _ => new CniException(CniErrorCode.Internal, e.Message, "the kernel refused rules that it should take: please report it with the kernel's version", e),
    };
}
