using Plugboard.Dhcp.Client;
using Plugboard.Dhcp.Wire;
using Plugboard.Protocols.Cni;

namespace Plugboard.Dhcp.Client6;

/// <summary>
/// What a plugin reports of a lease: the address and DNS. Networks and routers come by advertisements, never by DHCPv6. Pure.
/// </summary>
internal static class Lease6Result
{
    /// <summary>The result.</summary>
    public static CniResult From(Lease6 lease) =>
        new()
        {
            IPs = lease.Prefix is { } address ? [new CniIP(address)] : [],
            Dns = new CniDns
            {
                // A link-local one would need the interface's name behind it.
                Nameservers =
                [
                    .. lease
                        .Reply.FindAddresses(Dhcp6Option.DnsServers)
                        .Where(static each => each.IsGlobalUnicast)
                        .Select(static each => each.ToString()),
                ],
                Search = LeaseResult.ReadNames(lease.Reply.Find(Dhcp6Option.DomainSearch) ?? []),
            },
        };
}
