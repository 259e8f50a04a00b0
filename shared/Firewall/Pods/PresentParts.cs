using Plugboard.Firewall.Nftables;
using Plugboard.Linux;
using Plugboard.Netlink;

namespace Plugboard.Firewall.Pods;

/// <summary>What the kernel has of the tables at one time.</summary>
/// <param name="client">The kernel.</param>
/// <param name="isWhole">Sets are read whole, each once; else element by element.</param>
internal sealed class PresentParts(NftablesClient client, bool isWhole)
{
    // Each retry: another process changed rules during the dump.
    private const int Attempts = 10;

    private readonly Dictionary<Set, Dictionary<SetElement, SetElement>> sets = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Table, Dictionary<string, List<RuleContent>>> rules = [];
    private readonly HashSet<Table> emptied = [];
    private readonly RuleComparison comparison = new(client);

    /// <summary>A table that must be made again: none of its content stays.</summary>
    public void Empty(Table table) => emptied.Add(table);

    /// <summary>The element with a key; null if absent.</summary>
    public SetElement? Find(Set set, SetElement key)
    {
        if (emptied.Contains(set.Table))
            return null;
        if (!isWhole)
            return client.Find(set, key);
        if (!sets.TryGetValue(set, out var elements))
        {
            sets[set] = elements = new Dictionary<SetElement, SetElement>(new ElementKeys());
            foreach (var element in Read(() => client.ListElements(set)))
                elements[element] = element;
        }

        return elements.GetValueOrDefault(key);
    }

    /// <summary>True where a pod has a chain of its own, and it is not there or says something else.</summary>
    public bool LacksOwnRules(PodPlan plan)
    {
        if (plan.OwnChain is not { } chain)
            return false;
        return emptied.Contains(chain.Table) || comparison.FindDifference(chain, plan.OwnRules, RulesOf(chain)) is not null;
    }

    private List<RuleContent> RulesOf(Chain chain)
    {
        if (!isWhole)
            return [.. Read(() => client.ListContents(chain))];
        if (!rules.TryGetValue(chain.Table, out var listed))
        {
            rules[chain.Table] = listed = new Dictionary<string, List<RuleContent>>(StringComparer.Ordinal);
            foreach (var content in Read(() => client.ListContents(chain.Table)))
            {
                if (!listed.TryGetValue(content.Rule.Chain.Name, out var ofChain))
                    listed[content.Rule.Chain.Name] = ofChain = [];
                ofChain.Add(content);
            }
        }

        return listed.GetValueOrDefault(chain.Name) ?? [];
    }

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
                // The kernel reports that the ruleset changed during the dump.
            }
        }
    }
}
