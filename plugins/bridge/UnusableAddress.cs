using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>
/// What an IPAM plugin's answer must not have: addresses that an interface cannot have, and routes that no kernel knows. Pure.
/// </summary>
internal static class UnusableAddress
{
    /// <summary>Why an interface cannot have an address; null where it can.</summary>
    public static string? FindFault(IPAddr address) =>
        address.IsUnspecified ? "is invalid for an interface (all zeros)"
        : address.IsMulticast ? "is a multicast address"
        : address.IsLoopback ? "is a loopback address"
        : !address.Is6 && address.Value == uint.MaxValue ? "is the broadcast address"
        : null;

    /// <summary>Refuses such an answer before the pod's interface is touched.</summary>
    public static void RefuseUnusable(this CniResult ipam, BridgeConfig config)
    {
        foreach (var ip in ipam.IPs)
        {
            if (FindFault(ip.Address.Address) is { } fault)
                throw Refused(config, $"address {ip.Address} {fault}");
            SmallMtu.RefuseWithIPv6Address(config, ip.Address);
        }

        foreach (var route in ipam.Routes)
        {
            if (FindFault(route) is var (key, value))
                throw Refused(config, $"route {route.Dst} has {key} {value}");
        }
    }

    // The kernel's fields: scope has eight bits; the others 32, of which an answer can express the lower half.
    private static (string Key, int Value)? FindFault(CniRoute route) =>
        route switch
        {
            { Scope: < 0 or > byte.MaxValue } => ("scope", route.Scope.Value),
            { Table: < 0 } => ("table", route.Table.Value),
            { Priority: < 0 } => ("priority", route.Priority),
            { Mtu: < 0 } => ("mtu", route.Mtu),
            { AdvMss: < 0 } => ("advmss", route.AdvMss),
            _ => null,
        };

    private static CniException Refused(BridgeConfig config, string what) =>
        new(
            CniErrorCode.InvalidNetworkConfig,
            $"IPAM plugin returned what an interface cannot have: {what}",
            $"correct the ipam section of the network config, or what the IPAM plugin {config.IpamType} answers"
        );
}
