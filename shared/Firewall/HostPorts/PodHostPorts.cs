using Plugboard.Addresses;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Ports;

namespace Plugboard.Firewall.HostPorts;

/// <summary>What one pod publishes, and how: what both backends make rules of.</summary>
public sealed record PodHostPorts
{
    /// <summary>The owner of the ports.</summary>
    public required Attachment Owner { get; init; }

    /// <summary>The pod's IPv4 address with its network's length; null: none.</summary>
    public IPPrefix? IPv4 { get; init; }

    /// <summary>The pod's IPv6 address with its network's length; null: none.</summary>
    public IPPrefix? IPv6 { get; init; }

    /// <summary>The ports; no two with the same host port, protocol and host address.</summary>
    public IReadOnlyList<PortMapping> Ports { get; init; } = [];

    /// <summary>
    /// Connections from the pod's own network and from 127.0.0.0/8 are masqueraded, so that their answers find the way back.
    /// </summary>
    public bool Snat { get; init; } = true;

    /// <summary>With <see cref="Snat"/>: connections from everywhere are.</summary>
    public bool MasqueradeAll { get; init; }

    /// <summary>The bit of the packet's mark, 0 to 31, by which the iptables backend masquerades; null: 13, or another's chain.</summary>
    public int? MasqueradeMarkBit { get; init; }

    /// <summary>True where a record says all that iptables' rules can be made of again; older ones do not.</summary>
    internal bool IsCompleteForIptables => Backend == FirewallBackend.Iptables && MasqueradeMarkBit is not null;

    /// <summary>iptables only: the chain of another that marks packets for masquerading; null: the own one.</summary>
    public string? ExternalSetMarkChain { get; init; }

    /// <summary>Words of further conditions on IPv4 packets, in the syntax of nft or of iptables; empty: none.</summary>
    public IReadOnlyList<string> ConditionsV4 { get; init; } = [];

    /// <summary>The same for IPv6.</summary>
    public IReadOnlyList<string> ConditionsV6 { get; init; } = [];

    /// <summary>The path of the pod's network namespace; empty where it is not known.</summary>
    public string NetNs { get; init; } = "";

    /// <summary>The host's end of the pod's link; empty if absent.</summary>
    public string Link { get; init; } = "";

    /// <summary>The link to which connections from localhost are routed; empty: none are.</summary>
    public string LocalhostLink { get; init; } = "";

    /// <summary>What writes the rules.</summary>
    public FirewallBackend Backend { get; init; }

    /// <summary>The pod's addresses, at most one of each family.</summary>
    public IReadOnlyList<IPPrefix> Addresses =>
        (IPv4, IPv6) switch
        {
            ({ } v4, { } v6) => [v4, v6],
            ({ } v4, null) => [v4],
            (null, { } v6) => [v6],
            _ => [],
        };

    internal HostPortOptions IptablesOptions =>
        new()
        {
            Snat = Snat,
            MasqAll = MasqueradeAll,
            MarkMasqBit = MasqueradeMarkBit ?? HostPortOptions.DefaultMarkMasqBit,
            ExternalSetMarkChain = ExternalSetMarkChain,
            ConditionsV4 = ConditionsV4,
            ConditionsV6 = ConditionsV6,
        };

    /// <summary>The pod's address of a family.</summary>
    public IPPrefix? AddressOf(bool is6) => is6 ? IPv6 : IPv4;

    /// <summary>The further conditions on a family's packets.</summary>
    public IReadOnlyList<string> ConditionsOf(bool is6) => is6 ? ConditionsV6 : ConditionsV4;
}
