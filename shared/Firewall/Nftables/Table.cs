namespace Plugboard.Firewall.Nftables;

/// <summary>A table. Source: nft(8), TABLES.</summary>
/// <param name="Family">Which packets it sees.</param>
/// <param name="Name">At most 255 bytes.</param>
public sealed record Table(NftFamily Family, string Name)
{
    // NFT_TABLE_F_PERSIST, which headers of before Linux 6.9 do not have.
    internal const uint PersistFlag = 4;

    /// <summary>Its comment (Linux 5.10); empty: none.</summary>
    public string Comment { get; init; } = "";

    /// <summary>It exists, but packets do not pass it: <c>flags dormant</c>. Set in listed tables; ignored at creation.</summary>
    public bool IsDormant => (Flags & Uapi.NfTablesH.NFT_TABLE_F_DORMANT) != 0;

    /// <summary>
    /// The number of the netlink socket that alone may change it, usually its process's id: <c>flags owner</c> (Linux 5.12); 0: any socket
    /// may. Set in listed tables.
    /// </summary>
    public uint OwnerPortId { get; init; }

    /// <summary>
    /// Only the socket that makes it may change it, so another process's <c>nft flush ruleset</c> leaves it alone, and it stays when that
    /// socket is closed: <c>flags owner, persist</c> (Linux 6.9). A table of a closed socket belongs to the next one that adds it. Source:
    /// net/netfilter/nf_tables_api.c, nf_tables_updtable, nft_rcv_nl_event.
    /// </summary>
    public bool IsGuarded { get; init; }

    /// <summary>All flags, NFT_TABLE_F_*. Set in listed tables.</summary>
    internal uint Flags { get; init; }

    /// <summary>As nft names it: <c>inet filter</c>.</summary>
    public override string ToString() => $"{Family.Word()} {Name}";
}
