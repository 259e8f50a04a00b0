using System.Runtime.InteropServices;
using static Plugboard.Netlink.Route.Uapi.Ipv6H;

namespace Plugboard.Netlink.Route.Links;

/// <summary>
/// IPv6's settings of a link, as below /proc/sys/net/ipv6/conf: a link's answer has them anyway, and a path costs more the more namespaces
/// the machine has. A setting that the kernel is too old for is 0. Source: ip-sysctl.rst; include/uapi/linux/ipv6.h, DEVCONF_*.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct LinkIPv6
{
    /// <summary>Whether the link's own packets are forwarded.</summary>
    public bool Forwarding { get; init; }

    /// <summary>
    /// Router advertisements: 0 refuses them, 2 takes them, any other number takes them while <see cref="Forwarding"/> is off.
    /// </summary>
    public int AcceptRa { get; init; }

    /// <summary>The link has no IPv6 while this is true.</summary>
    public bool Disabled { get; init; }

    /// <summary>Duplicate address detection: above 0 addresses are probed.</summary>
    public int AcceptDad { get; init; }

    /// <summary>Announces the address when the link comes up or its hardware address changes.</summary>
    public bool NdiscNotify { get; init; }

    /// <summary>Addresses survive that the link is set down (Linux 4.6).</summary>
    public bool KeepAddrOnDown { get; init; }

    /// <summary>A probe that comes back to its sender is no duplicate (Linux 4.10).</summary>
    public bool EnhancedDad { get; init; }

    /// <summary>True if a router's advertisement that arrives now would be taken.</summary>
    public bool LearnsFromRouters => !Disabled && (AcceptRa == 2 || (AcceptRa != 0 && !Forwarding));

    internal static LinkIPv6 Read(ReadOnlySpan<byte> conf) =>
        new()
        {
            Forwarding = At(conf, DEVCONF_FORWARDING) != 0,
            AcceptRa = At(conf, DEVCONF_ACCEPT_RA),
            Disabled = At(conf, DEVCONF_DISABLE_IPV6) != 0,
            AcceptDad = At(conf, DEVCONF_ACCEPT_DAD),
            NdiscNotify = At(conf, DEVCONF_NDISC_NOTIFY) != 0,
            KeepAddrOnDown = At(conf, DEVCONF_KEEP_ADDR_ON_DOWN) != 0,
            EnhancedDad = At(conf, DEVCONF_ENHANCED_DAD) != 0,
        };

    // An array of 32 bits each, as long as the kernel knows settings.
    internal static int At(ReadOnlySpan<byte> conf, int place) =>
        conf.Length >= (place + 1) * sizeof(int) ? MemoryMarshal.Read<int>(conf[(place * sizeof(int))..]) : 0;
}
