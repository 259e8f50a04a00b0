using Plugboard.Addresses;
using Plugboard.ClusterFiles;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Masquerade.Configuration;
using Plugboard.Coordinator.Masquerade.Iptables;
using Plugboard.Coordinator.Masquerade.Nftables;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Firewall.Nftables;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Masquerade;

/// <summary>
/// Maintains the masquerading rules, ip-masq-agent's or flannel's, in an nftables table or in their own iptables chains. It removes our
/// rules of the other backend. The network namespace is that of the thread that first calls it.
/// </summary>
internal sealed class MasqueradeReconciler : IReconciler, IDisposable
{
    private readonly MasqueradeOptions options;
    private readonly MasqueradeConfigFile file;
    private readonly NftablesPlanner planner;
    private NftablesClient? client;
    private NftablesMasquerade? nftables;
    private IptablesMasquerade? iptables;
    private IReadOnlyList<IPPrefix>? remembered;
    private (MasqueradeConfig Config, ValueArray<IPPrefix> PodCidrs, ValueArray<FlannelNetworks> Flannel, bool HasRandomFully) planned;
    private NftablesPlan? nftablesPlan;
    private volatile IReadOnlyList<string> others = [];
    private volatile IReadOnlyList<string> unkept = [];
    private IReadOnlyList<OwnedChains>? iptablesPlan;
    private PeerMap plannedPeers = PeerMap.Empty;

    /// <summary>Creates it; nothing is read or changed yet.</summary>
    /// <param name="options">The flags.</param>
    /// <param name="file">The agent's file; unused for flannel's rules.</param>
    public MasqueradeReconciler(MasqueradeOptions options, MasqueradeConfigFile file)
    {
        this.options = options;
        this.file = file;
        planner = new NftablesPlanner(options);
    }

    /// <inheritdoc/>
    public string Name => "masquerade";

    /// <summary>Warnings although everything is in place: other programs that masquerade, unknown keys. For any thread.</summary>
    public IReadOnlyList<string> Warnings => [.. file.Warnings, .. unkept, .. others];

    /// <inheritdoc/>
    public bool Hears(NftablesTransaction transaction) => transaction.PortId != client?.PortId && transaction.Tables.Any(Concerns);

    /// <summary>True for tables with rules of this reconciler.</summary>
    public bool Concerns(Table table) =>
        (table.Family == NftablesPlan.Table.Family && table.Name == NftablesPlan.Table.Name)
        || (
            options.Backend == MasqueradeBackend.Iptables && table is { Family: NftFamily.IPv4 or NftFamily.IPv6, Name: "nat" or "filter" }
        );

    /// <inheritdoc/>
    public SyncOutcome Plan(ClusterView view)
    {
        Open();
        file.Refresh();
        var missing = NotReadyReasons(view);
        if (IsUnplannable(view))
            return new SyncOutcome([], missing) { IsUsable = false };
        PlanFor(view);
        return options.Backend == MasqueradeBackend.Nftables
            ? Merge(iptables!.Remove(isDryRun: true), nftables?.Plan(nftablesPlan!), missing)
            : Merge(iptables!.Plan(iptablesPlan!), nftables?.Remove(isDryRun: true), missing);
    }

    /// <inheritdoc/>
    public SyncOutcome Sync(ClusterView view, SyncCause cause)
    {
        Open();
        file.Refresh();
        var missing = NotReadyReasons(view);
        if (IsUnplannable(view))
            return new SyncOutcome([], missing) { IsUsable = false };
        PlanFor(view);
        plannedPeers = view.Peers;
        if (options.Kind == MasqueradeKind.Agent)
            SaveBackup();
        var isForced = cause is SyncCause.Start or SyncCause.Audit or SyncCause.Retry;
        var outcome =
            options.Backend == MasqueradeBackend.Nftables
                ? Merge(nftables?.Sync(nftablesPlan!, isForced), isForced ? iptables!.Remove(isDryRun: false) : null, missing)
                : Merge(SyncTables(view, isForced), isForced ? nftables?.Remove(isDryRun: false) : null, missing);
        if (isForced)
            FindOthers();
        return outcome;
    }

    /// <summary>
    /// Nothing unless a pod network comes or goes that no other exemption covers: flannel's rules have none, and the agent's list covers
    /// the private networks.
    /// </summary>
    public SyncOutcome SyncPeers(ClusterView view, IReadOnlyCollection<string> touched)
    {
        if (options.Kind == MasqueradeKind.Agent && !AreCovered(touched.SelectMany(name => PodCidrs(view, name)).ToList()))
            return Sync(view, SyncCause.Source);
        plannedPeers = view.Peers;
        return SyncOutcome.Steady;
    }

    private IEnumerable<IPPrefix> PodCidrs(ClusterView view, string name) =>
        (plannedPeers.Find(name)?.PodCidrs ?? []).Concat(view.Peers.Find(name)?.PodCidrs ?? []);

    private bool AreCovered(List<IPPrefix> podCidrs)
    {
        var listed = AgentExemptions.Of(file.Current, []).Select(static item => item.Network).ToList();
        return podCidrs.TrueForAll(pod =>
            listed.Exists(network => network.Is6 == pod.Is6 && network.Length <= pod.Length && network.Contains(pod.Address))
        );
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
            unkept = [$"the agent's file cannot be saved for a restart with an invalid one: {e.Message}"];
        }
    }

    // Tools that do not know --random-fully say so once.
    private SyncOutcome SyncTables(ClusterView view, bool isForced)
    {
        var outcome = iptables!.Sync(iptablesPlan!, isForced);
        if (iptables.HasRandomFully == planned.HasRandomFully)
            return outcome;
        PlanFor(view);
        return iptables.Sync(iptablesPlan!, isForced: true);
    }

    private void Open()
    {
        if (iptables is not null)
            return;
        client = NftablesClient.Find();
        nftables = client is null ? null : new NftablesMasquerade(client);
        iptables = new IptablesMasquerade(options.Tools, client);
    }

    private List<string> NotReadyReasons(ClusterView view)
    {
        var missing = new List<string>();
        if (options.Kind == MasqueradeKind.Flannel)
            missing.AddRange(FlannelNetworks.NotReadyReasons(view));
        else if (file.Problem is { } problem)
            missing.Add(problem);
        if (options.Backend == MasqueradeBackend.Nftables && nftables is null)
            missing.Add("the kernel has no nf_tables: load the module, or use --backend iptables");
        return missing;
    }

    // Without this node's pods flannel's rules would masquerade traffic between pods; the present rules stay.
    private bool IsUnplannable(ClusterView view) => options.Kind == MasqueradeKind.Flannel && !FlannelNetworks.Of(view).Any();

    private void PlanFor(ClusterView view)
    {
        var isFlannel = options.Kind == MasqueradeKind.Flannel;
        var next = (
            file.Current,
            isFlannel ? [] : PodCidrs(view),
            isFlannel ? FlannelNetworks.Of(view).ToValueArray() : [],
            iptables!.HasRandomFully
        );
        if (next == planned && (nftablesPlan is not null || iptablesPlan is not null))
            return;
        planned = next;
        if (options.Backend == MasqueradeBackend.Nftables)
            nftablesPlan = isFlannel ? planner.PlanFlannel(view) : planner.PlanAgent(file.Current, planned.PodCidrs);
        else
            iptablesPlan = isFlannel ? PlanFlannelTables() : PlanAgentTables();
    }

    // A pod network that is absent from an incomplete list may still exist: an earlier run's exemptions stay until the list is complete.
    private ValueArray<IPPrefix> PodCidrs(ClusterView view)
    {
        remembered = view.IsComplete ? [] : remembered ?? new ExemptPods(options, client).Read();
        return view.PodCidrs.Concat(remembered).ToValueArray();
    }

    private List<OwnedChains> PlanAgentTables()
    {
        var agent = new AgentTable(options, file.Current) { HasRandomFully = planned.HasRandomFully };
        return options.EnableIPv6
            ? [agent.Plan(is6: false, planned.PodCidrs), agent.Plan(is6: true, planned.PodCidrs)]
            : [agent.Plan(is6: false, planned.PodCidrs)];
    }

    private List<OwnedChains> PlanFlannelTables()
    {
        var flannel = new FlannelTable(options) { HasRandomFully = planned.HasRandomFully };
        var kept = planned.Flannel.Select(flannel.PlanNat).ToList();
        if (options.ForwardChainRules)
            kept.AddRange(planned.Flannel.Select(networks => FlannelTable.PlanFilter(networks.Cluster)));
        return kept;
    }

    private void FindOthers()
    {
        string[] ours = [.. (iptablesPlan ?? []).SelectMany(kept => kept.Chains).Select(kept => kept.Chain)];
        try
        {
            others = client is null ? [] : new OtherMasquerades(client, ours).Find();
        }
        catch (ErrnoException e)
        {
            others = [$"other masquerading programs cannot be listed: {e.Message}"];
        }
    }

    private static SyncOutcome Merge(SyncOutcome? main, SyncOutcome? other, List<string> missing) =>
        main is { Changes.Count: 0, Problems.Count: 0 } && missing.Count == 0 && other is null or { Changes.Count: 0, Problems.Count: 0 }
            ? SyncOutcome.Steady
            : new SyncOutcome(
                [.. main?.Changes ?? [], .. other?.Changes ?? []],
                [.. missing, .. main?.Problems ?? [], .. other?.Problems ?? []]
            );

    /// <inheritdoc/>
    public SyncOutcome Remove(bool isDryRun)
    {
        Open();
        (nftablesPlan, iptablesPlan) = (null, null);
        return Merge(nftables?.Remove(isDryRun), iptables!.Remove(isDryRun), []).And(RemoveBackup(isDryRun));
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
