namespace Plugboard.Firewall.Iptables;

/// <summary>A table of iptables-legacy as the kernel tells it: struct ipt_entry, or ip6t_entry, one after the other.</summary>
/// <param name="Bytes">The entries.</param>
/// <param name="Hooks">A bit for each hook at which the table has a chain.</param>
/// <param name="HookEntries">Where each hook's chain begins.</param>
/// <param name="Count">How many entries there are.</param>
internal sealed record LegacyEntries(byte[] Bytes, uint Hooks, uint[] HookEntries, int Count)
{
    /// <summary>
    /// True where somebody has a rule or a chain there: an empty table has a policy for each of its hooks, and the entry that ends it.
    /// </summary>
    public bool HasContent => Count > System.Numerics.BitOperations.PopCount(Hooks) + 1;
}
