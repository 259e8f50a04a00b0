namespace Plugboard.Firewall.Nftables;

/// <summary>A whole change of the ruleset. Source: net/netfilter/nf_tables_api.c, nf_tables_commit.</summary>
public sealed record NftablesTransaction
{
    /// <summary>The number of the ruleset after it.</summary>
    public uint Generation { get; init; }

    /// <summary>Its author's socket: the <see cref="NftablesClient.PortId"/> in this namespace.</summary>
    public uint PortId { get; init; }

    /// <summary>The thread that made it, as the machine's first pid namespace numbers it; 0 where the kernel did not say.</summary>
    public int ThreadId { get; init; }

    /// <summary>That thread's name, at most 15 bytes: <c>nft</c>, <c>iptables</c>, <c>kube-proxy</c>.</summary>
    public string ProcessName { get; init; } = "";

    /// <summary>The tables that were made, removed, or changed in whatever is in them; each once, in the order of the changes.</summary>
    public IReadOnlyList<Table> Tables { get; init; } = [];

    /// <summary>
    /// The tables, chains and rules that came or were changed, in the order of the changes; the same chain only once in a row. Sets and
    /// elements are not in it.
    /// </summary>
    public IReadOnlyList<NftablesAddition> Additions { get; init; } = [];

    /// <summary>
    /// What was taken away, in the order of the changes; the same once more, and elements without a comment, only once in a row. What came,
    /// and elements that got a timeout, are not in it.
    /// </summary>
    public IReadOnlyList<NftablesRemoval> Removals { get; init; } = [];
}
