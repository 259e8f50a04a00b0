using Plugboard.Linux;
using Plugboard.Netlink;

namespace Plugboard.Firewall.Nftables;

/// <summary>
/// Compares a table in the kernel with the one that should be there: its flags, its sets by what they can hold, its chains by hook,
/// priority, type and policy, its rules by what they do. Names
/// and comments prove nothing.
/// </summary>
/// <param name="client">The kernel.</param>
public sealed class TableComparison(NftablesClient client)
{
    // Each retry: another process changed rules during the reading.
    private const int Attempts = 10;

    private readonly RuleComparison rules = new(client);

    /// <summary>Compares, and again if the ruleset changed meanwhile: the result is of one moment.</summary>
    /// <param name="wanted">The table as it should be.</param>
    /// <param name="isThorough">Also find chains that are not part of it and have no rules, which costs a listing of all chains of the
    /// family.</param>
    /// <exception cref="NetlinkException">EINTR: other processes change the ruleset without a pause.</exception>
    public TableDifference Compare(TableDefinition wanted, bool isThorough)
    {
        for (var attempt = 1; ; attempt++)
        {
            var generation = client.GetGeneration();
            try
            {
                var difference = CompareOnce(wanted, isThorough);
                if (difference.IsNone || attempt == Attempts || client.GetGeneration() == generation)
                    return difference;
            }
            catch (NetlinkException e) when (e.Errno == Errno.EINTR && attempt < Attempts)
            {
                // The kernel reports that the list changed during the dump.
            }
        }
    }

    private TableDifference CompareOnce(TableDefinition wanted, bool isThorough)
    {
        if (client.Find(wanted.Table) is not { } present)
            return new TableDifference
            {
                Wanted = wanted,
                IsMissing = true,
                Reasons = [$"table {wanted.Table} is missing"],
            };
        var reasons = new List<string>();
        var isOwn = present.OwnerPortId != 0 && present.OwnerPortId == client.PortId;
        var mustBeReplaced = DiffersInFlags(wanted.Table, present, isOwn, reasons);
        mustBeReplaced |= DiffersInSets(wanted, reasons);
        mustBeReplaced |= DiffersInChains(wanted, isThorough, reasons, out var chains);
        var contents = ByChain(client.ListContents(wanted.Table));
        foreach (var (chain, _) in contents)
            mustBeReplaced |= IsOfNobody(wanted, chain, reasons);
        var rewritten = FindRewritten(wanted, contents, reasons);
        return new TableDifference
        {
            Wanted = wanted,
            Reasons = reasons,
            OwnerPortId = isOwn ? 0 : present.OwnerPortId,
            IsDormant = present.IsDormant,
            IsWithoutOwner = wanted.Table.IsGuarded && present.OwnerPortId == 0,
            // Since Linux 6.9 a transaction that wakes a table cannot make base chains in it.
            MustBeReplaced = mustBeReplaced || (present.IsDormant && chains.Count > 0),
            Chains = chains,
            Rewritten = rewritten,
            Elements = mustBeReplaced ? [] : CompareElements(wanted, reasons),
        };
    }

    // True if it must be replaced: of the flags, a change can take the dormant one away, and give a table without an owner one.
    private static bool DiffersInFlags(Table wanted, Table present, bool isOwn, List<string> reasons)
    {
        const uint Dormant = Uapi.NfTablesH.NFT_TABLE_F_DORMANT,
            Owner = Uapi.NfTablesH.NFT_TABLE_F_OWNER;
        if (present.OwnerPortId != 0 && !isOwn)
            reasons.Add(new TableOwnedException(present).Message);
        if (present.IsDormant)
            reasons.Add($"table {present} is dormant: no packet comes to it");
        var flags = present.Flags & ~Dormant;
        if (wanted.IsGuarded && (flags & ~Owner) == Table.PersistFlag)
        {
            if (present.OwnerPortId == 0)
                reasons.Add($"table {present} has no owner: another process can remove it");
            return false;
        }

        if (wanted.IsGuarded)
            reasons.Add($"table {present} is not guarded");
        else if (flags != 0 && (present.OwnerPortId == 0 || isOwn))
            reasons.Add($"table {present} has flags 0x{present.Flags:x} that it should not have");
        return wanted.IsGuarded || flags != 0;
    }

    private bool DiffersInSets(TableDefinition wanted, List<string> reasons)
    {
        var before = reasons.Count;
        var left = new Dictionary<string, ListedSet>(StringComparer.Ordinal);
        foreach (var listed in client.ListLayouts(wanted.Table))
            left[listed.Set.Name] = listed;
        foreach (var set in wanted.Sets)
        {
            if (!left.Remove(set.Name, out var listed))
                reasons.Add($"table {wanted.Table} lacks the {Kind(set)} {set.Name}");
            else if (listed.Layout != ListedSet.LayoutOf(set))
                reasons.Add($"the {Name(set)} is {NftablesChange.Describe(listed.Set)}, not {NftablesChange.Describe(set)}");
        }

        foreach (var other in left.Values)
            reasons.Add($"table {wanted.Table} has a {Kind(other.Set)} that is not ours: {other.Set.Name}");
        return reasons.Count > before;
    }

    private static string Kind(Set set) => set.IsMap ? "map" : "set";

    private static string Name(Set set) => $"{Kind(set)} {set.Name} of table {set.Table}";

    // Chains that can be repaired in place go into a list.
    private bool DiffersInChains(TableDefinition wanted, bool isThorough, List<string> reasons, out List<Chain> chains)
    {
        chains = [];
        var mustBeReplaced = false;
        var all = isThorough ? client.ListChains(wanted.Table) : null;
        foreach (var chain in wanted.Chains)
        {
            var present = all is null ? client.Find(chain) : Find(all, chain.Name);
            if (present?.Hook == chain.Hook && present is not null)
                continue;
            reasons.Add(
                present is null
                    ? $"table {wanted.Table} lacks the chain {chain.Name}"
                    : $"chain {chain} is {Describe(present)}, not {Describe(chain)}"
            );
            if (present is null || DifferInPolicy(chain.Hook, present.Hook))
                chains.Add(chain);
            else
                mustBeReplaced = true;
        }

        foreach (var chain in all ?? [])
            mustBeReplaced |= IsOfNobody(wanted, chain.Name, reasons);
        return mustBeReplaced;
    }

    // Of two that differ.
    private static bool DifferInPolicy(ChainHook? one, ChainHook? other) =>
        one is not null && other is not null && one with { DropsByDefault = other.DropsByDefault } == other;

    private static Chain? Find(IReadOnlyList<Chain> chains, string name)
    {
        foreach (var chain in chains)
        {
            if (chain.Name == name)
                return chain;
        }

        return null;
    }

    private static string Describe(Chain chain) =>
        chain.Hook is null ? "only jumped to" : NftablesChange.Describe(chain with { Comment = "" }).Trim(' ', '{', '}');

    private static bool IsOfNobody(TableDefinition wanted, string chain, List<string> reasons)
    {
        if (Find(wanted.Chains, chain) is not null)
            return false;
        if (wanted.OtherChains.Length > 0 && chain.StartsWith(wanted.OtherChains, StringComparison.Ordinal))
            return false;
        var reason = $"table {wanted.Table} has a chain that is not ours: {chain}";
        if (!reasons.Contains(reason))
            reasons.Add(reason);
        return true;
    }

    private static Dictionary<string, List<RuleContent>> ByChain(IReadOnlyList<RuleContent> contents)
    {
        var chains = new Dictionary<string, List<RuleContent>>(StringComparer.Ordinal);
        foreach (var content in contents)
        {
            if (!chains.TryGetValue(content.Rule.Chain.Name, out var own))
                chains[content.Rule.Chain.Name] = own = [];
            own.Add(content);
        }

        return chains;
    }

    private List<Chain> FindRewritten(TableDefinition wanted, Dictionary<string, List<RuleContent>> contents, List<string> reasons)
    {
        var rewritten = new List<Chain>();
        foreach (var chain in wanted.Chains)
        {
            var own = new List<Rule>();
            foreach (var rule in wanted.Rules)
            {
                if (rule.Chain.Name == chain.Name)
                    own.Add(rule);
            }

            if (rules.FindDifference(chain, own, contents.GetValueOrDefault(chain.Name) ?? []) is not { } reason)
                continue;
            reasons.Add(reason);
            rewritten.Add(chain);
        }

        return rewritten;
    }

    private List<ElementDifference> CompareElements(TableDefinition wanted, List<string> reasons)
    {
        var changes = new List<ElementDifference>();
        foreach (var (set, elements) in wanted.Elements)
        {
            var left = new Dictionary<SetElement, SetElement>(new ElementKeys());
            foreach (var element in client.ListElements(set))
                left[element] = element;
            var missing = new List<SetElement>();
            foreach (var element in elements)
            {
                // Why an element is there is for people: two reasons for one are no difference.
                if (left.TryGetValue(element, out var present) && present.LeadsWhere(element) && present.Timeout == element.Timeout)
                    left.Remove(element);
                else
                    missing.Add(element);
            }

            if (left.Count == 0 && missing.Count == 0)
                continue;
            changes.Add(new ElementDifference(set, [.. left.Values], missing));
            reasons.Add($"the {Name(set)} has other elements");
        }

        return changes;
    }
}
