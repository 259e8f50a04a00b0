using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Masquerade.Configuration;

namespace Plugboard.Coordinator.Masquerade;

/// <summary>Explains what our rules do with a packet that leaves the node. Pure; rules of other programs are not considered.</summary>
/// <param name="IsMasqueraded">The packet leaves with another source address.</param>
/// <param name="Address">That address, if it is not the link's own; else null.</param>
/// <param name="Why">The rule that decides, a sentence.</param>
internal sealed record MasqueradeExplanation(bool IsMasqueraded, IPAddr? Address, string Why)
{
    /// <summary>By the agent's rules.</summary>
    /// <param name="options">The flags.</param>
    /// <param name="config">The file.</param>
    /// <param name="view">The cluster.</param>
    /// <param name="packet">The destination and the outgoing link; an address of the node's own never leaves.</param>
    public static MasqueradeExplanation OfAgent(
        MasqueradeOptions options,
        MasqueradeConfig config,
        ClusterView view,
        (IPAddr Destination, string Link) packet
    )
    {
        var (destination, link) = packet;
        if (destination.Is6 && !options.EnableIPv6)
            return Kept("without --enable-ipv6 IPv6 is not masqueraded");
        foreach (var (network, why) in AgentExemptions.Of(config, view.PodCidrs))
        {
            if (network.Contains(destination))
                return Kept($"{destination} is in {network}: {why}");
        }

        if (config.MasqueradeCidrs is { } only && !only.Any(network => network.Contains(destination)))
            return Kept($"{destination} is in no network of masqueradeCIDRs");
        if (config.OutputInterfaces is { } links && !links.Contains(link, StringComparer.Ordinal))
            return Kept($"link {link} is not in outputInterfaces");
        return config.SnatAddresses.FirstOrDefault(each => each.Link == link && each.Address.Is6 == destination.Is6) is { } snat
            ? new MasqueradeExplanation(IsMasqueraded: true, snat.Address, $"snatAddresses of link {link}")
            : new MasqueradeExplanation(IsMasqueraded: true, null, $"{destination} is not exempt");
    }

    /// <summary>By flannel's rules.</summary>
    /// <param name="view">The cluster.</param>
    /// <param name="source">The sender.</param>
    /// <param name="destination">The destination address.</param>
    public static MasqueradeExplanation OfFlannel(ClusterView view, IPAddr source, IPAddr destination)
    {
        if (FlannelNetworks.Of(view).FirstOrDefault(networks => networks.Cluster.Is6 == destination.Is6) is not { } known)
            return Kept("the networks of this family are not known");
        var (from, to) = (known.Cluster.Contains(source), known.Cluster.Contains(destination));
        if (known.Own.Contains(destination))
            return Kept($"{destination} is a pod of this node");
        if (known.Own.Contains(source) && to)
            return Kept("it goes from pod to pod");
        if (from && !known.Multicast.Contains(destination))
            return new MasqueradeExplanation(IsMasqueraded: true, null, $"it comes from {known.Cluster}");
        return !from && to
            ? new MasqueradeExplanation(IsMasqueraded: true, null, $"it goes to {known.Cluster} from outside")
            : Kept("no rule applies to it");
    }

    private static MasqueradeExplanation Kept(string why) => new(IsMasqueraded: false, null, why);
}
