namespace Plugboard.Firewall.Nftables;

/// <summary>A table. Source: nft(8), TABLES.</summary>
/// <param name="Family">Which packets it sees.</param>
/// <param name="Name">At most 255 bytes.</param>
public sealed record Table(NftFamily Family, string Name)
{
    /// <summary>What a reader is told of it (Linux 5.10); empty: nothing.</summary>
    public string Comment { get; init; } = "";

    /// <summary>As nft names it: <c>inet filter</c>.</summary>
    public override string ToString() => $"{Family.Word()} {Name}";
}
