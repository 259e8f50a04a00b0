namespace Plugboard.Firewall.Nftables;

/// <summary>A table. Source: nft(8), TABLES.</summary>
/// <param name="Family">Which packets it sees.</param>
/// <param name="Name">At most 255 bytes.</param>
public sealed record Table(NftFamily Family, string Name)
{
    /// <summary>What a reader is told of it (Linux 5.10); empty: nothing.</summary>
    public string Comment { get; init; } = "";

    /// <summary>It is there, but no packet comes to it: <c>flags dormant</c>. Told of tables that are listed; not for those that are made.</summary>
    public bool IsDormant { get; init; }

    /// <summary>As nft names it: <c>inet filter</c>.</summary>
    public override string ToString() => $"{Family.Word()} {Name}";
}
