namespace Plugboard.Netlink.Route.Uapi;

/// <summary>include/uapi/linux/ipv6.h: the places of settings in IFLA_INET6_CONF.</summary>
internal static class Ipv6H
{
    public const int DEVCONF_FORWARDING = 0;
    public const int DEVCONF_ACCEPT_RA = 3;
    public const int DEVCONF_DISABLE_IPV6 = 26;
    public const int DEVCONF_ACCEPT_DAD = 27;
    public const int DEVCONF_NDISC_NOTIFY = 29;
    public const int DEVCONF_KEEP_ADDR_ON_DOWN = 42;
    public const int DEVCONF_ENHANCED_DAD = 46;
}
