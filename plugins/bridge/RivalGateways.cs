using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>Two gateways that one device cannot have at once, by the reference's rule. Pure.</summary>
/// <param name="First">The gateway of one range set.</param>
/// <param name="Second">That of another.</param>
internal sealed record RivalGateways(IPPrefix First, IPPrefix Second)
{
    /// <summary>
    /// True if the gateway cannot join an address that is there: any other IPv4 address, an IPv6 one where the networks overlap. Link-local
    /// ones never: the kernel gives each link its own, and a router may have several.
    /// </summary>
    public static bool AreRivals(IPPrefix present, IPPrefix gateway) =>
        present.Is6 == gateway.Is6
        && present != gateway
        && (!present.Is6 || (present.Overlaps(gateway) && !present.Address.IsLinkLocalUnicast));

    /// <summary>The refusal of a config that wants both: of every ADD, or with <c>forceAddress</c> of <c>validate</c>.</summary>
    public CniException Refuse(BridgeConfig config)
    {
        var what = config.ForceAddress
            ? $"with forceAddress \"{config.Bridge}\" keeps only the gateway {Second}, and pods lose {First}"
            : $"failed to set bridge addr: \"{config.Bridge}\" cannot have both gateways {First} and {Second}";
        var todo = First.Is6
            ? "gateways of overlapping IPv6 networks are one address: correct the ranges in the ipam section"
            : "isGateway gives a bridge one IPv4 address: keep one subnet, or give the other a network and a bridge of its own";
        return new CniException(CniErrorCode.InvalidNetworkConfig, what, todo);
    }
}
