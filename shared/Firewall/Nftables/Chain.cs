namespace Plugboard.Firewall.Nftables;

/// <summary>A chain. Source: nft(8), CHAINS.</summary>
/// <param name="Table">Its table.</param>
/// <param name="Name">At most 127 bytes.</param>
public sealed record Chain(Table Table, string Name)
{
    /// <summary>Where it hangs; null: it is only jumped to.</summary>
    public ChainHook? Hook { get; init; }

    /// <summary>Its comment (Linux 5.10); empty: none.</summary>
    public string Comment { get; init; } = "";

    /// <summary>As nft names it: <c>inet filter input</c>.</summary>
    public override string ToString() => $"{Table} {Name}";
}
