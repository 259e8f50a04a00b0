namespace Plugboard.Firewall.Iptables;

/// <summary>A table of iptables-legacy from the kernel: struct ipt_entry, or ip6t_entry, one after the other.</summary>
/// <param name="Bytes">The entries.</param>
/// <param name="Hooks">A bit for each hook at which the table has a chain.</param>
/// <param name="HookEntries">Where each hook's chain begins.</param>
/// <param name="Count">The number of entries.</param>
internal sealed record LegacyEntries(byte[] Bytes, uint Hooks, uint[] HookEntries, int Count)
{
    /// <summary>
    /// True if the table has a rule or a chain: an empty table has a policy for each of its hooks, and the entry that ends it.
    /// </summary>
    public bool HasContent => Count > System.Numerics.BitOperations.PopCount(Hooks) + 1;
}
