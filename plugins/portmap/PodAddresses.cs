using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.Portmap;

/// <summary>The addresses that ports lead to, from what the plugins before this one made. Pure.</summary>
/// <param name="IPv4">The first IPv4 address of the container's interface.</param>
/// <param name="IPv6">The first IPv6 address of it.</param>
/// <param name="HostLink">The host's end of its link; empty where the result names none, as for a macvlan.</param>
internal sealed record PodAddresses(IPPrefix? IPv4, IPPrefix? IPv6, string HostLink)
{
    /// <summary>Reads the result: addresses of the interface <paramref name="ifName"/>, and those that name no interface.</summary>
    public static PodAddresses From(CniResult result, string ifName)
    {
        IPPrefix? v4 = null,
            v6 = null;
        foreach (var ip in result.AddressesOf(ifName))
        {
            if (ip.Address.Is6)
                v6 ??= ip.Address;
            else
                v4 ??= ip.Address;
        }

        return new PodAddresses(v4, v6, result.HostEndOf(ifName) is { } host && IsStorable(host.Name) ? host.Name : "");
    }

    // No link has such a name, and a record's values are one line each.
    private static bool IsStorable(string name) => !name.Any(char.IsControl);
}
