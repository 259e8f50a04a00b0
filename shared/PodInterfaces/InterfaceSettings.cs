using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Protocols.Cni;

namespace Plugboard.PodInterfaces;

/// <summary>
/// Kernel settings of interfaces. Where /proc/sys is read-only it is enough that a setting is as wanted; what is not is named.
/// </summary>
public static class InterfaceSettings
{
    /// <summary>
    /// Makes optional settings of the pod; a refusal is reported on stderr. A kernel without IPv6 has no such setting, which is no refusal.
    /// </summary>
    /// <param name="plugin">The plugin, for the report.</param>
    /// <param name="name">The setting, such as <c>net/ipv6/conf/eth0/accept_ra</c>.</param>
    /// <param name="value">What it should be.</param>
    public static void Prefer(string plugin, string name, string value)
    {
        if (Sysctl.TrySet(name, value) is { Errno: not Errno.ENOENT } refusal)
            StandardError.WriteLine($"{plugin}: {refusal.Message}: left as it is; {refusal.Advice}");
    }

    /// <summary>Sets what the pod cannot do without.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="value">What it must be.</param>
    /// <param name="why">What needs it, such as <c>the IPv6 address fd00::1/64 of cni0</c>.</param>
    public static void Require(string name, string value, string why)
    {
        if (Sysctl.TrySet(name, value) is { } refusal)
            throw new CniException(CniErrorCode.IOFailure, $"{refusal.Message}; {why} needs it", refusal.Advice, refusal);
    }
}
