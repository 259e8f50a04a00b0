using Plugboard.Firewall.Nftables;
using Plugboard.Linux;
using Plugboard.Netlink;

namespace Plugboard.Firewall.Restoring;

/// <summary>What the kernel has of the tables at one time.</summary>
/// <param name="client">The kernel.</param>
/// <param name="isWhole">Sets are read whole, each once; else element by element.</param>
internal sealed class PresentParts(NftablesClient client, bool isWhole)
{
    // Each time somebody else changed rules while these were told.
    private const int Attempts = 10;

    private readonly Dictionary<Set, Dictionary<SetElement, SetElement>> sets = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Table, IReadOnlyList<ListedRule>> rules = [];

    /// <summary>The element with a key; null where there is none.</summary>
    public SetElement? Find(Set set, SetElement key)
    {
        if (!isWhole)
            return client.Find(set, key);
        if (!sets.TryGetValue(set, out var elements))
            sets[set] = elements = Read(() => client.ListElements(set)).ToDictionary(static element => element, new ElementKeys());
        return elements.GetValueOrDefault(key);
    }

    /// <summary>The rules of a table.</summary>
    public IReadOnlyList<ListedRule> RulesOf(Table table)
    {
        if (!rules.TryGetValue(table, out var listed))
            rules[table] = listed = Read(() => client.ListRules(table));
        return listed;
    }

    /// <summary>How many rules a chain has.</summary>
    public int CountRules(Chain chain) => (isWhole ? RulesOf(chain.Table) : Read(() => client.ListRules(chain))).Count(rule => rule.Chain.Name == chain.Name);

    private static IReadOnlyList<T> Read<T>(Func<IReadOnlyList<T>> list)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return list();
            }
            catch (NetlinkException e) when (e.Errno == Errno.EINTR && attempt < Attempts)
            {
                // The kernel says that the ruleset changed while it was told.
            }
        }
    }
}
