namespace Plugboard.Coordinator.Masquerade;

/// <summary>Where the rules are kept.</summary>
internal enum MasqueradeBackend
{
    /// <summary>In a table of nftables' own, without a process.</summary>
    Nftables,

    /// <summary>In the reference's chains, by the iptables tools.</summary>
    Iptables,
}
