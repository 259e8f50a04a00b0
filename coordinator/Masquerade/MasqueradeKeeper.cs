using Plugboard.Addresses;
using Plugboard.ClusterFiles;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Masquerade.Configuration;
using Plugboard.Coordinator.Masquerade.Native;
using Plugboard.Coordinator.Masquerade.Tables;
using Plugboard.Firewall.Nftables;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Masquerade;

/// <summary>
/// Keeps who leaves this node with which address: ip-masq-agent's rules or flannel's, in a table of nftables' own or in their own chains of
/// iptables. What the other backend has of ours goes. The network namespace is that of the thread that first asks.
/// </summary>
internal sealed class MasqueradeKeeper : IKeeper, IDisposable
{
    private readonly MasqueradeOptions options;
    private readonly MasqueradeConfigFile file;
    private readonly NativePlanner planner;
    private NftablesClient? client;
    private NativeMasquerade? native;
    private TablesMasquerade? tables;
    private IReadOnlyList<IPPrefix>? remembered;
    private (MasqueradeConfig Config, ValueArray<IPPrefix> PodCidrs, ValueArray<FlannelNetworks> Flannel, bool HasRandomFully) planned;
    private NativeRules? nativePlan;
    private volatile IReadOnlyList<string> others = [];
    private volatile IReadOnlyList<string> unkept = [];
    private IReadOnlyList<KeptTable>? tablesPlan;

    /// <summary>Makes it; nothing is read or changed yet.</summary>
    /// <param name="options">The flags.</param>
    /// <param name="file">The agent's file; flannel's rules do not ask it.</param>
    public MasqueradeKeeper(MasqueradeOptions options, MasqueradeConfigFile file)
    {
        this.options = options;
        this.file = file;
        planner = new NativePlanner(options);
    }

    /// <inheritdoc/>
    public string Name => "masquerade";

    /// <summary>What is odd though all is in place: others who masquerade too, keys that nobody knows. For any thread.</summary>
    public IReadOnlyList<string> Warnings => [.. file.Warnings, .. unkept, .. others];

    /// <summary>
    /// True where somebody else changed a table that this keeper has rules in: then it is to be asked. For the engine's thread.
    /// </summary>
    public bool Concerns(NftablesTransaction transaction) => transaction.PortId != client?.PortId && transaction.Tables.Any(Concerns);

    /// <summary>True for tables that this keeper has rules in.</summary>
    public bool Concerns(Table table) =>
        (table.Family == NativeRules.Table.Family && table.Name == NativeRules.Table.Name)
        || (
            options.Backend == MasqueradeBackend.Iptables && table is { Family: NftFamily.IPv4 or NftFamily.IPv6, Name: "nat" or "filter" }
        );

    /// <inheritdoc/>
    public SyncOutcome Plan(ClusterView view)
    {
        Open();
        file.Refresh();
        var lacks = Lacks(view);
        if (IsUnplannable(view))
            return new SyncOutcome([], lacks) { IsUsable = false };
        PlanFor(view);
        return options.Backend == MasqueradeBackend.Nftables
            ? Merge(tables!.Remove(isDryRun: true), native?.Plan(nativePlan!), lacks)
            : Merge(tables!.Plan(tablesPlan!), native?.Remove(isDryRun: true), lacks);
    }

    /// <inheritdoc/>
    public SyncOutcome Sync(ClusterView view, SyncCause cause)
    {
        Open();
        file.Refresh();
        var lacks = Lacks(view);
        if (IsUnplannable(view))
            return new SyncOutcome([], lacks) { IsUsable = false };
        PlanFor(view);
        if (options.Kind == MasqueradeKind.Agent)
            SaveBackup();
        var isForced = cause is SyncCause.Start or SyncCause.Audit or SyncCause.Retry;
        var outcome =
            options.Backend == MasqueradeBackend.Nftables
                ? Merge(native?.Sync(nativePlan!, isForced), isForced ? tables!.Remove(isDryRun: false) : null, lacks)
                : Merge(SyncTables(view, isForced), isForced ? native?.Remove(isDryRun: false) : null, lacks);
        if (isForced)
            FindOthers();
        return outcome;
    }

    private void SaveBackup()
    {
        try
        {
            file.SaveBackup();
            unkept = [];
        }
        catch (ErrnoException e)
        {
            unkept = [$"the agent's file is not kept for a restart with a broken one: {e.Message}"];
        }
    }

    // Tools that do not know --random-fully say so once.
    private SyncOutcome SyncTables(ClusterView view, bool isForced)
    {
        var outcome = tables!.Sync(tablesPlan!, isForced);
        if (tables.HasRandomFully == planned.HasRandomFully)
            return outcome;
        PlanFor(view);
        return tables.Sync(tablesPlan!, isForced: true);
    }

    private void Open()
    {
        if (tables is not null)
            return;
        client = NftablesClient.Find();
        native = client is null ? null : new NativeMasquerade(client);
        tables = new TablesMasquerade(options.Tools, client);
    }

    private List<string> Lacks(ClusterView view)
    {
        var lacks = new List<string>();
        if (options.Kind == MasqueradeKind.Flannel)
            lacks.AddRange(FlannelNetworks.Lacks(view));
        else if (file.Problem is { } problem)
            lacks.Add(problem);
        if (options.Backend == MasqueradeBackend.Nftables && native is null)
            lacks.Add("the kernel has no nf_tables: load the module, or use --backend iptables");
        return lacks;
    }

    // Without this node's pods flannel's rules would masquerade what pods send one another; what is there stays.
    private bool IsUnplannable(ClusterView view) => options.Kind == MasqueradeKind.Flannel && !FlannelNetworks.Of(view).Any();

    private void PlanFor(ClusterView view)
    {
        var isFlannel = options.Kind == MasqueradeKind.Flannel;
        var next = (
            file.Current,
            isFlannel ? [] : PodCidrs(view),
            isFlannel ? FlannelNetworks.Of(view).ToValueArray() : [],
            tables!.HasRandomFully
        );
        if (next == planned && (nativePlan is not null || tablesPlan is not null))
            return;
        planned = next;
        if (options.Backend == MasqueradeBackend.Nftables)
            nativePlan = isFlannel ? planner.PlanFlannel(view) : planner.PlanAgent(file.Current, planned.PodCidrs);
        else
            tablesPlan = isFlannel ? PlanFlannelTables() : PlanAgentTables();
    }

    // Who is absent from a list that is not complete is not gone: what an earlier run exempted stays exempt until then.
    private ValueArray<IPPrefix> PodCidrs(ClusterView view)
    {
        remembered = view.IsComplete ? [] : remembered ?? new ExemptPods(options, client).Read();
        return view.PodCidrs.Concat(remembered).ToValueArray();
    }

    private List<KeptTable> PlanAgentTables()
    {
        var agent = new AgentTable(options, file.Current) { HasRandomFully = planned.HasRandomFully };
        return options.EnableIPv6
            ? [agent.Plan(is6: false, planned.PodCidrs), agent.Plan(is6: true, planned.PodCidrs)]
            : [agent.Plan(is6: false, planned.PodCidrs)];
    }

    private List<KeptTable> PlanFlannelTables()
    {
        var flannel = new FlannelTable(options) { HasRandomFully = planned.HasRandomFully };
        var kept = planned.Flannel.Select(flannel.PlanNat).ToList();
        if (options.ForwardRules)
            kept.AddRange(planned.Flannel.Select(networks => FlannelTable.PlanFilter(networks.Cluster)));
        return kept;
    }

    private void FindOthers()
    {
        string[] ours = [.. (tablesPlan ?? []).SelectMany(kept => kept.Chains).Select(kept => kept.Chain)];
        try
        {
            others = client is null ? [] : new OtherMasquerades(client, ours).Find();
        }
        catch (ErrnoException e)
        {
            others = [$"who else masquerades cannot be told: {e.Message}"];
        }
    }

    private static SyncOutcome Merge(SyncOutcome? main, SyncOutcome? other, List<string> lacks) =>
        main is { Changes.Count: 0, Problems.Count: 0 } && lacks.Count == 0 && other is null or { Changes.Count: 0, Problems.Count: 0 }
            ? SyncOutcome.Steady
            : new SyncOutcome(
                [.. main?.Changes ?? [], .. other?.Changes ?? []],
                [.. lacks, .. main?.Problems ?? [], .. other?.Problems ?? []]
            );

    /// <inheritdoc/>
    public SyncOutcome Remove(bool isDryRun)
    {
        Open();
        (nativePlan, tablesPlan) = (null, null);
        return Merge(native?.Remove(isDryRun), tables!.Remove(isDryRun), []).And(RemoveBackup(isDryRun));
    }

    private SyncOutcome RemoveBackup(bool isDryRun)
    {
        if (file.FindBackup() is not { } path)
            return SyncOutcome.Steady;
        if (!isDryRun)
            DurableFile.Remove(path);
        return new SyncOutcome([new Change(ChangeVerb.Delete, "file", path)], []);
    }

    /// <inheritdoc/>
    public void Dispose() => client?.Dispose();
}
