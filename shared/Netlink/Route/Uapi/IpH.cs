namespace Plugboard.Netlink.Route.Uapi;

/// <summary>include/uapi/linux/ip.h</summary>
internal static class IpH
{
    public const ushort IPV4_DEVCONF_TAG = 12;
    public const ushort IPV4_DEVCONF_ARP_NOTIFY = 22;
}
