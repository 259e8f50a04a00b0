using Plugboard.Addresses;

namespace Plugboard.Ipam;

/// <summary>
/// Which addresses no interface of a pod, and no router, can have, in whatever network. Source: RFC 1122, 3.2.1.3; RFC 4291, 2.5 and 2.7.
/// </summary>
internal static class PodAddress
{
    /// <summary>
    /// The first block of such addresses that those from the first to the last overlap with, as <c>multicast (224.0.0.0/4)</c>; null: none.
    /// </summary>
    public static string? FindBlock(IPAddr first, IPAddr last)
    {
        if (first.Is6)
            return FindBlock6(first.Value, last.Value);
        return FindBlock4((uint)first.Value, (uint)last.Value);
    }

    private static string? FindBlock4(uint first, uint last)
    {
        if (first <= 0x00ff_ffff)
            return "\"this network\" (0.0.0.0/8)";
        if (first <= 0x7fff_ffff && last >= 0x7f00_0000)
            return "loopback (127.0.0.0/8)";
        if (first <= 0xefff_ffff && last >= 0xe000_0000)
            return "multicast (224.0.0.0/4)";
        return first == uint.MaxValue ? "the limited broadcast (255.255.255.255)" : null;
    }

    private static string? FindBlock6(UInt128 first, UInt128 last)
    {
        var (mapped, multicast) = ((UInt128)0xffff << 32, (UInt128)0xff << 120);
        if (first <= 1)
            return "unspecified and loopback (::/127)";
        if (first <= mapped + uint.MaxValue && last >= mapped)
            return "mapped IPv4 (::ffff:0:0/96)";
        return last >= multicast ? "multicast (ff00::/8)" : null;
    }
}
