namespace Plugboard.Firewall.Nftables;

/// <summary>A table. Source: nft(8), TABLES.</summary>
/// <param name="Family">Which packets it sees.</param>
/// <param name="Name">At most 255 bytes.</param>
public sealed record Table(NftFamily Family, string Name)
{
    /// <summary>What a reader is told of it (Linux 5.10); empty: nothing.</summary>
    public string Comment { get; init; } = "";

    /// <summary>
    /// It is there, but no packet comes to it: <c>flags dormant</c>. Told of tables that are listed; not for those that are made.
    /// </summary>
    public bool IsDormant => (Flags & Uapi.NfTablesH.NFT_TABLE_F_DORMANT) != 0;

    /// <summary>
    /// The number of the netlink socket that alone may change it, mostly its process's id: <c>flags owner</c> (Linux 5.12); 0: anybody may.
    /// Told of tables that are listed.
    /// </summary>
    public uint OwnerPortId { get; init; }

    /// <summary>All flags, NFT_TABLE_F_*. Told of tables that are listed.</summary>
    internal uint Flags { get; init; }

    /// <summary>As nft names it: <c>inet filter</c>.</summary>
    public override string ToString() => $"{Family.Word()} {Name}";
}
