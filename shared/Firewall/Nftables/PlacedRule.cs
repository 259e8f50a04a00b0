namespace Plugboard.Firewall.Nftables;

/// <summary>A rule and the number of the one it is put before, behind or in place of.</summary>
internal sealed record PlacedRule(Rule Rule, ulong Handle);
