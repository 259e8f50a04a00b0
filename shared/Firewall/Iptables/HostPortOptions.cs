namespace Plugboard.Firewall.Iptables;

/// <summary>How host ports are forwarded with iptables: portmap's config. Its defaults are the reference's.</summary>
public sealed record HostPortOptions
{
    /// <summary>The reference's.</summary>
    public const int DefaultMarkMasqBit = 13;

    /// <summary>
    /// Masquerade what the pod itself, its network or the node's localhost sends to a host port, so that the answer comes back.
    /// </summary>
    public bool Snat { get; init; } = true;

    /// <summary>Masquerade whoever sends; only with <see cref="Snat"/>.</summary>
    public bool MasqAll { get; init; }

    /// <summary>
    /// The bit of the packet mark that means "to be masqueraded": 0 to 31, else <see cref="ArgumentOutOfRangeException"/> when rules are
    /// made.
    /// </summary>
    public int MarkMasqBit { get; init; } = DefaultMarkMasqBit;

    /// <summary>A chain of someone else that marks, such as KUBE-MARK-MASQ, in place of our own; it must exist.</summary>
    public string? ExternalSetMarkChain { get; init; }

    /// <summary>
    /// More words for the rule that leads to the pod's chain, IPv4: iptables matches such as <c>! -d 10.0.0.0/8</c>, a word each.
    /// </summary>
    public IReadOnlyList<string> ConditionsV4 { get; init; } = [];

    /// <summary>The same for IPv6.</summary>
    public IReadOnlyList<string> ConditionsV6 { get; init; } = [];
}
