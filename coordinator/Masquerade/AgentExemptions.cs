using Plugboard.Addresses;
using Plugboard.Coordinator.Masquerade.Configuration;

namespace Plugboard.Coordinator.Masquerade;

/// <summary>The destinations of packets that keep their sender's address. Pure.</summary>
internal static class AgentExemptions
{
    /// <summary>Why the cluster's own networks are exempt.</summary>
    public const string Pods = "pods of the cluster";

    /// <summary>169.254.0.0/16, RFC 3927.</summary>
    public static IPPrefix LinkLocal { get; } = IPPrefix.Parse("169.254.0.0/16");

    /// <summary>fe80::/10, RFC 4291.</summary>
    public static IPPrefix LinkLocalIPv6 { get; } = IPPrefix.Parse("fe80::/10");

    /// <summary>In the agent's order, the cluster's pods last; of both families, each with why.</summary>
    public static IEnumerable<(IPPrefix Network, string Why)> Of(MasqueradeConfig config, IEnumerable<IPPrefix> podCidrs)
    {
        if (!config.MasqLinkLocal)
            yield return (LinkLocal, "link-local");
        if (!config.MasqLinkLocalIPv6)
            yield return (LinkLocalIPv6, "link-local");
        foreach (var network in config.NonMasqueradeCidrs)
            yield return (network, "nonMasqueradeCIDRs");
        foreach (var network in podCidrs)
            yield return (network.Network, Pods);
    }
}
