using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;
using Plugboard.Linux;
using Plugboard.Protocols.Cni;

namespace Plugboard.Hosting.Firewall;

/// <summary>The CNI meaning of what a firewall refuses.</summary>
public static class FirewallFailure
{
    /// <summary>The failure to report; null where it has no meaning of its own.</summary>
    public static CniException? Describe(Exception exception) => exception switch
    {
        NftablesException e when e.IsLackOfNftables() => new CniException(
            CniErrorCode.UnsupportedField, e.Message, "this kernel's nftables lacks it (NAT in inet tables wants Linux 5.2, sets of address pairs 5.6): set the backend to \"iptables\"", e),
        NftablesException { Errno: Errno.EBUSY or Errno.EAGAIN or Errno.ENOENT or Errno.EEXIST } e => new CniException(
            CniErrorCode.TryAgainLater, e.Message, "another program changes the same rules: the call can be repeated", e),
        NftablesException { Errno: Errno.EPERM } e => new CniException(CniErrorCode.IOFailure, e.Message, "the plugin needs CAP_NET_ADMIN", e),
        NftablesException e => new CniException(CniErrorCode.Internal, e.Message, "the kernel refused rules that it should take: please report it with the kernel's version", e),
        IptablesLockedException e => new CniException(CniErrorCode.TryAgainLater, e.Message, "another program holds the lock of iptables: the call can be repeated", e),
        IptablesMissingException e => new CniException(CniErrorCode.UnsupportedField, e.Message, "install iptables on the node, or set the backend to \"nftables\"", e),
        IptablesException e => new CniException(CniErrorCode.InvalidNetworkConfig, e.Message, "iptables refused a rule: correct the conditions in the network config", e),
        _ => null,
    };
}
