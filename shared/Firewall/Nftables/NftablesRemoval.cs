namespace Plugboard.Firewall.Nftables;

/// <summary>Something that was taken out of a table, or the table itself.</summary>
/// <param name="Table">The table.</param>
/// <param name="Chain">The chain, or that of a rule; empty: it was neither.</param>
/// <param name="Comment">An element's comment; empty: it had none, or was no element.</param>
public readonly record struct NftablesRemoval(Table Table, string Chain, string Comment);

/// <summary>Something that came into a table, or was changed there; or the table itself.</summary>
/// <param name="Table">The table.</param>
/// <param name="Chain">The chain, or that of a rule; empty: it was neither.</param>
public readonly record struct NftablesAddition(Table Table, string Chain);
