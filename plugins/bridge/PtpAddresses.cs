using Plugboard.Addresses;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>What a pod of ptp gets. The node's end of the pair has the gateways, so they are on the pod's link wherever they lie.</summary>
internal sealed record PtpAddresses : PodAddresses
{
    /// <summary>What <paramref name="ipam"/> returned.</summary>
    /// <param name="ipam">The answer of the IPAM plugin.</param>
    /// <param name="config">The network config.</param>
    /// <param name="container">The place of the container's interface in the result.</param>
    /// <exception cref="CniException">Code 7: as <see cref="PodAddresses.From"/>, or an address has no gateway.</exception>
    public static PtpAddresses From(CniResult ipam, PtpConfig config, int container)
    {
        var addresses = new PtpAddresses { IPs = ReadIPs(ipam, config.IpamType, config.Mtu, container), Routes = ipam.Routes };
        foreach (var ip in addresses.IPs)
        {
            if (ip.Gateway is null || ip.Gateway == ip.Address.Address)
            {
                throw new CniException(
                    CniErrorCode.InvalidNetworkConfig,
                    $"address {ip.Address} has no gateway",
                    "the node's end of the pair gets the gateway's address: give the range a gateway of its own in the ipam section, or "
                        + $"correct what the IPAM plugin {config.IpamType} answers"
                );
            }
        }

        addresses.RefuseNextHops(config.IpamType);
        return addresses;
    }

    /// <inheritdoc/>
    protected override bool IsReachable(IPAddr hop) => IPs.Any(ip => ip.Gateway == hop) || base.IsReachable(hop);
}
