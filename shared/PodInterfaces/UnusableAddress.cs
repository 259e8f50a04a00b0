using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.PodInterfaces;

/// <summary>
/// What an IPAM plugin's answer must not have: addresses that an interface cannot have, and routes that no kernel knows. Pure.
/// </summary>
public static class UnusableAddress
{
    /// <summary>Why an interface cannot have an address; null where it can.</summary>
    public static string? FindFault(IPAddr address) =>
        address.IsUnspecified ? "is invalid for an interface (all zeros)"
        : address.IsMulticast ? "is a multicast address"
        : address.IsLoopback ? "is a loopback address"
        : !address.Is6 && address.Value == uint.MaxValue ? "is the broadcast address"
        : null;

    /// <summary>Refuses such an answer before the pod's interface is touched.</summary>
    /// <param name="ipam">The answer.</param>
    /// <param name="ipamType">The plugin that gave it.</param>
    /// <param name="mtu">The interface's MTU in bytes; 0: the kernel's default.</param>
    /// <exception cref="CniException">Code 7: it has such an address or route.</exception>
    public static void RefuseUnusable(this CniResult ipam, string ipamType, int mtu)
    {
        for (var i = 0; i < ipam.IPs.Count; i++)
        {
            var address = ipam.IPs[i].Address;
            if (FindFault(address.Address) is { } fault)
                throw Refused(ipamType, $"address {address} {fault}");
            for (var j = 0; j < i; j++)
            {
                if (IsSame(ipam.IPs[j].Address, address))
                    throw Refused(ipamType, $"address {address} twice");
            }

            SmallMtu.RefuseWithIPv6Address(mtu, address);
        }

        foreach (var route in ipam.Routes)
        {
            if (FindFault(route) is var (key, value))
                throw Refused(ipamType, $"route {route.Dst} has {key} {value}");
        }
    }

    // An IPv4 address is another one with another length (net/ipv4/devinet.c, __inet_insert_ifa; net/ipv6/addrconf.c, ipv6_add_addr).
    private static bool IsSame(IPPrefix one, IPPrefix other) => one.Address == other.Address && (one.Is6 || one.Length == other.Length);

    // The kernel's fields: scope has eight bits; the others 32, of which only a metric is read to the end.
    private static (string Key, long Value)? FindFault(CniRoute route) =>
        route switch
        {
            { Scope: < 0 or > byte.MaxValue } => ("scope", route.Scope.Value),
            { Table: < 0 } => ("table", route.Table.Value),
            { Priority: < 0 or > uint.MaxValue } => ("priority", route.Priority),
            { Mtu: < 0 } => ("mtu", route.Mtu),
            { AdvMss: < 0 } => ("advmss", route.AdvMss),
            _ => null,
        };

    private static CniException Refused(string ipamType, string what) =>
        new(
            CniErrorCode.InvalidNetworkConfig,
            $"IPAM plugin returned what an interface cannot have: {what}",
            $"correct the ipam section of the network config, or what the IPAM plugin {ipamType} answers"
        );
}
