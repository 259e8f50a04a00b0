using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Restoring;
using Plugboard.Linux;
using Plugboard.Protocols.Cni;

namespace Plugboard.Hosting.Firewall;

/// <summary>The CNI meaning of what a firewall refuses.</summary>
public static class FirewallFailure
{
    /// <summary>What to do where CHECK finds rules that are not as ADD left them.</summary>
    public const string Changed =
        "the rules, or the network config, were changed after ADD; "
        + "a coordinator with --restore-pods puts rules right, the next ADD only the node's part";

    /// <summary>The failure to report; null where it has no meaning of its own.</summary>
    public static CniException? Describe(Exception exception) =>
        DescribeNftables(exception) ?? DescribeRefusal(exception) ?? DescribeIptables(exception);

    private static CniException? DescribeNftables(Exception exception) =>
        exception switch
        {
            ErrnoException e when e.IsNftablesMissing() => new CniException(
                CniErrorCode.UnsupportedField,
                e.Message,
                "this kernel's nftables lacks it (NAT in inet tables wants Linux 5.2, sets of address pairs 5.6): "
                    + "set the backend to \"iptables\"",
                e
            ),
            TableOwnedException e => Again(e, "end that process, and the table goes with it: the next ADD makes it again, for all pods"),
            RulesChangedException e => Again(e, "the call can be repeated; `nft monitor` shows which process it is"),
            NftablesRestoreException e => Again(e, "the rules of this node could not be put right; the next call tries it again"),
            PodRecordException e => new CniException(CniErrorCode.InvalidNetworkConfig, e.Message, "nothing was made", e),
            _ => null,
        };

    private static CniException? DescribeRefusal(Exception exception) =>
        exception is not NftablesException e
            ? null
            : e.Errno switch
            {
                Errno.EBUSY => Again(
                    e,
                    "something that is not ours refers to it: `nft list ruleset` shows what; repeat the call once it is gone"
                ),
                Errno.EEXIST => Again(
                    e,
                    "something that is not ours has its place: `nft list ruleset` shows it; repeat the call once it is gone"
                ),
                Errno.EAGAIN or Errno.ENOENT => Again(
                    e,
                    "it was removed between the look at the rules and the change: the call can be repeated"
                ),
                Errno.EPERM => new CniException(CniErrorCode.IOFailure, e.Message, "the plugin needs CAP_NET_ADMIN", e),
                Errno.ENOMEM or Errno.ENFILE or Errno.EMSGSIZE => new CniException(
                    CniErrorCode.IOFailure,
                    e.Message,
                    "the kernel has no room for these rules",
                    e
                ),
                _ => new CniException(
                    CniErrorCode.Internal,
                    e.Message,
                    "the kernel refused rules that it should take; why is not known: please report it with the kernel's version",
                    e
                ),
            };

    private static CniException? DescribeIptables(Exception exception) =>
        exception switch
        {
            IptablesWordException e => new CniException(
                CniErrorCode.InvalidNetworkConfig,
                e.Message,
                "shorten or correct the conditions in the network config",
                e
            ),
            IptablesLockedException e => Again(e, "the call can be repeated; `fuser /run/xtables.lock` shows who holds the lock"),
            IptablesMissingException e => new CniException(
                CniErrorCode.UnsupportedField,
                e.Message,
                "install iptables on the node, or set the backend to \"nftables\"",
                e
            ),
            IptablesException { Rule: null } e => new CniException(
                CniErrorCode.IOFailure,
                e.Message,
                "the tool says why; run it by hand on the node, or set the backend to \"nftables\"",
                e
            ),
            IptablesException e => new CniException(
                CniErrorCode.InvalidNetworkConfig,
                e.Message,
                "iptables refused this rule and says why; where it holds a condition or a chain of the network config, correct that",
                e
            ),
            _ => null,
        };

    private static CniException Again(Exception e, string details) => new(CniErrorCode.TryAgainLater, e.Message, details, e);
}
