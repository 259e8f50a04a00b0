using Plugboard.Firewall.Nftables;
using Plugboard.Linux;
using Plugboard.Netlink;

namespace Plugboard.Firewall.Pods;

/// <summary>
/// The part of a table that is the node's and no pod's: its sets, chains and rules. Whoever needs it first makes it, and whoever finds it
/// changed makes it right. Pods come and go as elements of
/// the sets.
/// </summary>
internal abstract class NodeTable(Table table)
{
    private TableDefinition? definition;

    /// <summary>
    /// How often what has expired is cleared away in sets. For maps nft up to 1.0 prints it but does not read it, so they keep the kernel's
    /// own, a second.
    /// </summary>
    public static TimeSpan GcInterval => TimeSpan.FromMinutes(1);

    /// <summary>The table itself.</summary>
    public Table Table { get; } = table;

    /// <summary>
    /// The number of the table's content, <see cref="TableDefinition.Fingerprint"/>: another one whenever anything in it changes. Written
    /// down, so that an ADD has nothing to compute.
    /// </summary>
    public abstract ulong Layout { get; }

    /// <summary>Its sets and maps.</summary>
    public abstract IReadOnlyList<Set> Sets { get; }

    /// <summary>Its chains; those that are jumped to come before those that jump.</summary>
    public abstract IReadOnlyList<Chain> Chains { get; }

    /// <summary>The rules of the chains, each with a comment that is its own in its chain.</summary>
    public abstract IReadOnlyList<Rule> Rules { get; }

    /// <summary>Those of its sets that hold pods' elements.</summary>
    public abstract IReadOnlyList<Set> PodSets { get; }

    /// <summary>How the names of pods' own chains begin; empty: pods have none here.</summary>
    public virtual string PodChainPrefix => "";

    /// <summary>The chain that a pod of this tag can have; null: pods have none here.</summary>
    public virtual Chain? OwnChainOf(string tag) => null;

    /// <summary>All of it.</summary>
    public TableDefinition Definition =>
        definition ??= new TableDefinition
        {
            Table = Table,
            Sets = Sets,
            Chains = Chains,
            Rules = Rules,
            OtherChains = PodChainPrefix,
            Layout = Layout,
        };

    /// <summary>
    /// True where the rules are those that a writer of this very content left, in their order, and no others. It costs one look at the
    /// table's rules. What can be changed without touching a rule, a
    /// policy or the dormant flag, it does not see.
    /// </summary>
    public bool IsAsWritten(NftablesClient client)
    {
        try
        {
            return IsAsWritten(client.ListRules(Table));
        }
        catch (NetlinkException e) when (e.Errno == Errno.EINTR)
        {
            // Others change rules without a pause: compared by content it will be seen.
            return false;
        }
    }

    private bool IsAsWritten(IReadOnlyList<ListedRule> present)
    {
        var (seen, count) = (0, 0);
        var (chain, last) = ("", -1);
        foreach (var rule in present)
        {
            if (PodChainPrefix.Length > 0 && rule.Chain.Name.StartsWith(PodChainPrefix, StringComparison.Ordinal))
                continue;
            if (rule.Stamp is not { } stamp || stamp.Layout != Layout)
                return false;
            // The kernel tells of a chain's rules one after the other.
            if (rule.Chain.Name == chain && stamp.Place <= last)
                return false;
            (chain, last) = (rule.Chain.Name, stamp.Place);
            count = stamp.Count;
            seen++;
        }

        return seen > 0 && seen == count;
    }

    /// <summary>What is not as it should be, by content.</summary>
    /// <param name="client">The kernel.</param>
    /// <param name="isThorough">See <see cref="TableComparison.Compare"/>.</param>
    public TableDifference FindDifference(NftablesClient client, bool isThorough) =>
        new TableComparison(client).Compare(Definition, isThorough);

    /// <summary>Makes what is missing and writes the rules again; the sets keep their elements.</summary>
    public void AddTo(NftablesBatch batch) => Definition.AddTo(batch);
}
