using System.Text.Json;
using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.PodInterfaces;

/// <summary>IPv6 wants links of 1280 bytes at least (RFC 8200, section 5); the kernel takes it from a link with less. Pure.</summary>
public static class SmallMtu
{
    /// <summary>The least MTU of a link with IPv6.</summary>
    public const int IPv6Minimum = 1280;

    /// <summary>True where IPv6 does not come to the pods' interfaces.</summary>
    public static bool IsTooSmallForIPv6(int mtu) => mtu is > 0 and < IPv6Minimum;

    /// <summary>Refuses it before anything is made, where the ranges of <c>host-local</c> show that pods get IPv6 addresses.</summary>
    public static void RefuseWithIPv6Ranges(int mtu, ConfigNode node)
    {
        if (!IsTooSmallForIPv6(mtu))
            return;
        if (node.FindObject("ipam") is { } ipam && (FindSubnet(ipam.Value) ?? FindSubnet(node.Find("runtimeConfig")?.Value)) is { } subnet)
            throw Refused(mtu, $"range {subnet}");
    }

    /// <summary>Refuses it if only the IPAM plugin's answer shows it.</summary>
    public static void RefuseWithIPv6Address(int mtu, IPPrefix address)
    {
        if (address.Is6 && IsTooSmallForIPv6(mtu))
            throw Refused(mtu, $"address {address}");
    }

    private static CniException Refused(int mtu, string what) =>
        new(
            CniErrorCode.InvalidNetworkConfig,
            $"invalid mtu {mtu}: the IPv6 {what} needs {IPv6Minimum}",
            $"the kernel keeps IPv6 off a link with less than {IPv6Minimum} bytes: raise mtu in the network config, or remove the "
                + "IPv6 ranges"
        );

    // A range wherever it stands: in ipam itself, in its lists of lists, in those of runtimeConfig. What has another form is host-local's
    // to refuse.
    private static string? FindSubnet(JsonValue? value)
    {
        for (var i = 0; i < value?.Values.Count; i++)
        {
            var member = value.Values[i];
            var name = value.Kind == JsonValueKind.Object ? value.Names[i] : "";
            if (member.Kind == JsonValueKind.String && Is(name, "subnet") && member.Text.Contains(':'))
                return member.Text;
            var holdsRanges = value.Kind == JsonValueKind.Array || Is(name, "ranges") || Is(name, "ipRanges");
            if (holdsRanges && FindSubnet(member) is { } found)
                return found;
        }

        return null;
    }

    private static bool Is(string name, string key) => name.Equals(key, StringComparison.OrdinalIgnoreCase);
}
