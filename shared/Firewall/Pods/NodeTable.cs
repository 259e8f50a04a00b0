using Plugboard.Firewall.Nftables;
using Plugboard.Linux;
using Plugboard.Netlink;

namespace Plugboard.Firewall.Pods;

/// <summary>
/// The part of a table that is the node's and no pod's: its sets, chains and rules. Whoever needs it first makes it; it is made again where somebody has taken rules
/// out, or all of it with <c>nft flush ruleset</c>. Pods come and go as elements of the sets.
/// </summary>
internal abstract class NodeTable(Table table)
{
    /// <summary>How often what has expired is cleared away in sets. For maps nft up to 1.0 prints it but does not read it, so they keep the kernel's own, a second.</summary>
    public static TimeSpan ClearingInterval => TimeSpan.FromMinutes(1);

    /// <summary>The table itself.</summary>
    public Table Table { get; } = table;

    /// <summary>Its sets and maps.</summary>
    public abstract IReadOnlyList<Set> Sets { get; }

    /// <summary>Its chains; those that are jumped to come before those that jump.</summary>
    public abstract IReadOnlyList<Chain> Chains { get; }

    /// <summary>The rules of the chains, each with a comment that is its own in its chain.</summary>
    public abstract IReadOnlyList<Rule> Rules { get; }

    /// <summary>Those of its sets that hold pods' elements.</summary>
    public abstract IReadOnlyList<Set> PodSets { get; }

    /// <summary>The chain that a pod of this tag can have; null: pods have none here.</summary>
    public virtual Chain? OwnChainOf(string tag) => null;

    /// <summary>True where every rule is in its place; a rule is known by its comment.</summary>
    public bool IsWhole(NftablesClient client)
    {
        try
        {
            return FindDamage(client) is null;
        }
        catch (NetlinkException e) when (e.Errno == Errno.EINTR)
        {
            // Others change rules without a pause: made again it is whole.
            return false;
        }
    }

    /// <summary>What is missing or too much, in words; null where nothing is.</summary>
    public string? FindDamage(NftablesClient client)
    {
        var present = client.ListRules(Table);
        if (present.Count == 0)
            return $"table {Table} is missing or empty";
        foreach (var chain in Chains)
        {
            var at = 0;
            var own = Of(present, chain.Name);
            foreach (var rule in Rules)
            {
                if (rule.Chain.Name == chain.Name && (at >= own.Count || own[at++].Comment != rule.Comment))
                    return $"chain {chain.Name} of table {Table} lacks its rule \"{rule.Comment}\"";
            }

            if (at < own.Count)
                return $"chain {chain.Name} of table {Table} has a rule of somebody else's";
        }

        return null;
    }

    /// <summary>True where its rules are there in their order, whatever rules of others are between them.</summary>
    /// <param name="present">The table's rules as the kernel has them.</param>
    public bool HasAllRules(IReadOnlyList<ListedRule> present)
    {
        foreach (var chain in Chains)
        {
            var at = 0;
            var own = Of(present, chain.Name);
            foreach (var rule in Rules)
            {
                if (rule.Chain.Name != chain.Name)
                    continue;
                while (at < own.Count && own[at].Comment != rule.Comment)
                    at++;
                if (at++ >= own.Count)
                    return false;
            }
        }

        return true;
    }

    private static List<ListedRule> Of(IReadOnlyList<ListedRule> rules, string chain)
    {
        var own = new List<ListedRule>(rules.Count);
        foreach (var rule in rules)
        {
            if (rule.Chain.Name == chain)
                own.Add(rule);
        }

        return own;
    }

    /// <summary>Makes what is missing and replaces the rules; the sets keep their elements.</summary>
    public void AddTo(NftablesBatch batch)
    {
        batch.Add(Table);
        foreach (var set in Sets)
            batch.Add(set);
        foreach (var chain in Chains)
        {
            batch.Add(chain);
            batch.Flush(chain);
        }

        foreach (var rule in Rules)
            batch.Add(rule);
    }
}
