using Plugboard.Netlink;
using Plugboard.Protocols.Cni;

namespace Plugboard.PodInterfaces;

/// <summary>The errors for what the running kernel was built without. Pure.</summary>
public static class KernelSupport
{
    /// <summary>The error for a request that the kernel does not know.</summary>
    /// <param name="what">What was asked for, such as <c>veth pairs</c>.</param>
    /// <param name="remedy">What the kernel needs.</param>
    /// <param name="cause">The kernel's refusal.</param>
    /// <param name="keys">The config's keys that ask for it; null where every config does.</param>
    public static CniException Lacks(string what, string remedy, NetlinkException cause, string? keys = null) =>
        new(
            CniErrorCode.UnsupportedField,
            $"the kernel has no {what}: {cause.Message}",
            $"load or build {remedy}{(keys is null ? "" : $", or remove {keys} from the network config")}",
            cause
        );

    /// <summary>The error for a kind of link that the kernel does not know.</summary>
    /// <param name="kind">The kind, as rtnetlink(7) names it.</param>
    /// <param name="cause">The kernel's refusal.</param>
    public static CniException LacksLinks(string kind, NetlinkException cause) =>
        // net/8021q/Makefile: the one kind whose module has another name.
        Lacks($"{kind} links", $"the module {(kind == "vlan" ? "8021q" : kind)}", cause);
}
