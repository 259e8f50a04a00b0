namespace Plugboard.Coordinator.Masquerade;

/// <summary>The backend of the rules.</summary>
internal enum MasqueradeBackend
{
    /// <summary>In a table of nftables' own, without a process.</summary>
    Nftables,

    /// <summary>In the reference's chains, by the iptables tools.</summary>
    Iptables,
}
