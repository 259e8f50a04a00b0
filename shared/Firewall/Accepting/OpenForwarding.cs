using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Walk;
using Plugboard.Netlink.Route;

namespace Plugboard.Firewall.Accepting;

/// <summary>Whether the forward chains of a node let through what a pod sends, so that no rule has to accept it.</summary>
internal static class OpenForwarding
{
    // Addresses for documentation (RFC 5737, RFC 3849): they stand for all that is beyond the node.
    private static readonly IPAddr beyond4 = IPAddr.Parse("192.0.2.1");
    private static readonly IPAddr beyond6 = IPAddr.Parse("2001:db8::1");

    /// <summary>Throws if a chain drops what the pod sends.</summary>
    /// <exception cref="ForwardChainDropsException">It does.</exception>
    public static void Require(NftablesClient? nftables, AcceptedPod pod)
    {
        if (FindDrop(nftables, pod) is { } drop)
            throw new ForwardChainDropsException(drop);
    }

    /// <summary>A chain that drops for certain what the pod sends; null if no chain does.</summary>
    public static ForwardChainDrop? FindDrop(NftablesClient? nftables, AcceptedPod pod)
    {
        using var host = RouteClient.Open();
        foreach (var address in pod.Addresses)
        {
            var beyond = address.Is6 ? beyond6 : beyond4;
            var uplink = host.Routes.Get(beyond) is { } route ? host.Links.Find(route.OutInterface)?.Name : null;
            var packet = new ForwardedPacket(address, beyond, pod.Bridge.Length > 0 ? pod.Bridge : pod.Link, uplink ?? "");
            foreach (var drop in ForwardChains.FindDrops(nftables, packet))
            {
                if (drop.IsSure)
                    return drop;
            }
        }

        return null;
    }
}

/// <summary>A forward chain drops what a pod sends, and no backend is to accept it.</summary>
/// <param name="drop">The chain.</param>
public sealed class ForwardChainDropsException(ForwardChainDrop drop)
    : Exception($"what the pod sends ({drop.Packet.Source} by {drop.Packet.InLink}) is not forwarded: {drop}");
