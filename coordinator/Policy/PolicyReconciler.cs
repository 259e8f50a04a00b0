using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Policy.Bridging;
using Plugboard.Coordinator.Policy.Compiling;
using Plugboard.Coordinator.Policy.Flows;
using Plugboard.Coordinator.Policy.Nftables;
using Plugboard.Coordinator.Policy.Starting;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Starting;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Policy;

/// <summary>
/// Enforces network policy for the pods of this node, in a table of its own. Changed objects are changes of sets and chains; all is
/// compared at the start, at the audit and after another process changed the table. Until the objects were read once, the table of an
/// earlier run stays as it is. The network namespace is that of the thread that first calls it.
/// </summary>
/// <param name="options">The flags.</param>
/// <param name="source">The objects.</param>
/// <param name="hasBridge">Whether this node has a bridge now.</param>
/// <param name="clock">The clock.</param>
internal sealed class PolicyReconciler(PolicyOptions options, IPolicySource source, Func<bool> hasBridge, TimeProvider clock)
    : IReconciler,
        IDisposable
{
    private readonly EstablishedFlows flows = new(clock);
    private PolicyCompiler compiler = new(options.NodeName);
    private ValueArray<IPPrefix> networks = [];
    private NftablesClient? client;
    private NftablesPolicy? nftables;
    private bool isKnown;
    private int isBridgeFilterLost;
    private volatile PolicyState state = new(new PolicyFigures(), null, 0);

    /// <inheritdoc/>
    public string Name => "policy";

    /// <summary>What of the objects is not in force. For any thread.</summary>
    public IReadOnlyList<string> Warnings =>
        [.. source.Warnings, .. nftables?.Obstacles ?? [], .. new[] { flows.Obstacle, Bridged?.Obstacle }.OfType<string>()];

    /// <summary>This node's addresses now: what it sends and receives itself is not judged.</summary>
    public Func<IEnumerable<IPAddr>> OwnAddresses { get; init; } = static () => [];

    /// <summary>The pods that plugins reported; null: they are not read.</summary>
    public StartedPods? Started { get; init; }

    /// <summary>The rules for ports of bridges; null if absent.</summary>
    public BridgedPods? Bridged { get; init; }

    /// <summary>Asks for another call of <see cref="Sync"/>, on another thread: what had to wait is due.</summary>
    public Action? Wake
    {
        set => flows.Wake = value;
    }

    /// <summary>For metrics, on any thread; the refused packets are read now.</summary>
    public PolicyState ReadState()
    {
        try
        {
            // A client is for one thread.
            using var kernel = NftablesClient.Find();
            return kernel is null ? state : state with { Refused = NftablesPolicy.CountRefused(kernel) };
        }
        catch (ErrnoException)
        {
            return state;
        }
    }

    /// <summary>The forward hook may not see a bridge's packets any more; the next <see cref="Sync"/> looks. From any thread.</summary>
    public void NoteBridgeFilterLost() => Interlocked.Exchange(ref isBridgeFilterLost, 1);

    /// <inheritdoc/>
    public bool Hears(NftablesTransaction transaction)
    {
        if (transaction.PortId == client?.PortId || !transaction.Tables.Any(IsOurs))
            return false;
        isKnown = false;
        Bridged?.Forget();
        return true;
    }

    private static readonly Table[] tables = [PolicyRules.Table, PortRules.Table];

    private static bool IsOurs(Table table) => Array.Exists(tables, own => table.Family == own.Family && table.Name == own.Name);

    /// <inheritdoc/>
    public SyncOutcome Plan(ClusterView view)
    {
        if (FindObstacle() is { } obstacle)
            return obstacle;
        // What is compiled here is not in the kernel.
        isKnown = false;
        Compile();
        return BridgeNetfilter
            .Ensure(isDryRun: true, hasBridge())
            .And(nftables!.Plan(ToTable(view)))
            .And(Bridged?.Plan(client!, compiler.Isolated, Started?.Known ?? []) ?? SyncOutcome.Steady)
            .And(CheckStart(view));
    }

    /// <inheritdoc/>
    public SyncOutcome Sync(ClusterView view, SyncCause cause) =>
        Reconcile(view, isWhole: cause is SyncCause.Start or SyncCause.Audit or SyncCause.Retry, isOfKernel: cause == SyncCause.Kernel);

    /// <summary>No peer matters here, but the objects may have changed.</summary>
    public SyncOutcome SyncPeers(ClusterView view, IReadOnlyCollection<string> touched) =>
        Reconcile(view, isWhole: false, isOfKernel: false);

    private SyncOutcome Reconcile(ClusterView view, bool isWhole, bool isOfKernel)
    {
        if (FindObstacle() is { } obstacle)
            return obstacle;
        var began = clock.GetTimestamp();
        // What throws leaves an unknown state.
        var wasKnown = isKnown;
        isKnown = false;
        var collected = isWhole ? CollectStarted() : SyncOutcome.Steady;
        var delta = Compile();
        var outcome = isWhole || !wasKnown || networks != NetworksOf(view) ? null : nftables!.TryChange(delta);
        // Another process may have changed the table a moment ago.
        var compared = outcome is null;
        outcome ??= nftables!.Sync(ToTable(view));
        isKnown = outcome.Problems.Count == 0;
        networks = NetworksOf(view);
        outcome = outcome.And(CheckStart(view)).And(collected);
        // A bridge may have come.
        if (compared || isOfKernel || Interlocked.Exchange(ref isBridgeFilterLost, 0) != 0)
            outcome = BridgeNetfilter.Ensure(isDryRun: false, hasBridge()).And(outcome);
        outcome = outcome.And(Bridged?.Sync(client!, compiler.Isolated, Started?.Known ?? [], isWhole) ?? SyncOutcome.Steady);
        TimeSpan? took = delta.IsEmpty ? null : clock.GetElapsedTime(began);
        outcome = outcome.And(CompareFlows(view, delta, compared));
        if (isKnown)
            Started?.Answer(compiler.IsCompiled);
        state = new PolicyState(compiler.Figures, took ?? state.LastChange, state.Compared + (compared ? 1 : 0))
        {
            Changes = took is { } time ? state.Changes.With(time) : state.Changes,
            CutFlows = flows.CutCount,
            WaitingPods = Started?.WaitingCount ?? 0,
        };
        source.ReturnMemory(compared);
        return outcome;
    }

    // What cannot be removed keeps no policy from being enforced.
    private SyncOutcome CollectStarted()
    {
        Started?.Refresh(isForced: true);
        try
        {
            Started?.Collect();
            return SyncOutcome.Steady;
        }
        catch (ErrnoException e)
        {
            return new SyncOutcome([], [$"the reports of pods that are gone are not removed: {e.Message}"]);
        }
    }

    private SyncOutcome CompareFlows(ClusterView view, PolicyDelta delta, bool compared)
    {
        if (!isKnown || !options.CutsEstablished || nftables!.LacksLabels)
            return SyncOutcome.Steady;
        flows.Note(delta, compiler.CanForbid);
        if (compared)
            flows.NoteAll();
        return flows.Compare(() => ToTable(view), OwnAddresses);
    }

    private PolicyDelta Compile()
    {
        var given = Started?.Take() ?? [];
        var changes = source.Take();
        if (changes.IsEmpty && given.Count == 0)
            return new PolicyDelta();
        try
        {
            return compiler.Apply(changes with { Given = given });
        }
        catch
        {
            // It may have taken a part of the changes.
            Started?.Forget();
            compiler = new PolicyCompiler(options.NodeName);
            source.Rewind();
            throw;
        }
    }

    // Only if asked so: packets of addresses in these networks that no pod has are refused. What the source lost opens nothing.
    private ValueArray<IPPrefix> NetworksOf(ClusterView view) =>
        !options.StartsClosed ? []
        : view.Self.PodCidrs.Count > 0 ? view.Self.PodCidrs
        : networks;

    private PolicyTable ToTable(ClusterView view)
    {
        var table = compiler.ToTable();
        foreach (var network in NetworksOf(view))
            table.Sets[PolicySet.Networks(network.Is6)].Add(PolicyElement.Of(network.Network.Address, network.Last), "");
        return table;
    }

    // Whatever else is in place, pods that are not known yet are open.
    private SyncOutcome CheckStart(ClusterView view) =>
        options.StartsClosed && NetworksOf(view).Count == 0
            ? NotUsable("--policy-start closed: this node's pod networks are not known, so pods that are not known yet are open")
            : SyncOutcome.Steady;

    private SyncOutcome? FindObstacle()
    {
        client ??= NftablesClient.Find();
        if (client is null)
            return NotUsable("the kernel has no nf_tables: load the module, or use --network-policy off");
        nftables ??= new NftablesPolicy(client, new PolicyRules(options));
        source.Refresh();
        Started?.Refresh(isForced: !isKnown);
        return source.Problem is { } problem ? NotUsable(problem) : null;
    }

    private static SyncOutcome NotUsable(string problem) => new([], [problem]);

    /// <summary>Removes the table, whatever was compiled.</summary>
    public SyncOutcome Remove(bool isDryRun)
    {
        isKnown = false;
        var closed = isDryRun || Started is null ? SyncOutcome.Steady : Close(new PodStarts());
        // Only the socket that guards it may remove it.
        return (client is null ? RemoveTables(isDryRun) : RemoveTables(client, isDryRun)).And(closed);
    }

    /// <summary>Removes the tables of an earlier run with policies; plugins report no pod from now on.</summary>
    public static SyncOutcome RemoveEarlier(PodStarts starts)
    {
        var closed = Close(starts);
        return RemoveTables(isDryRun: false).And(closed);
    }

    // A directory that cannot be written keeps no table: its rules would go on to refuse packets.
    private static SyncOutcome Close(PodStarts starts)
    {
        try
        {
            StartedPods.Close(starts);
            return SyncOutcome.Steady;
        }
        catch (ErrnoException e)
        {
            return NotUsable($"plugins go on to report their pods, and each ADD waits for an answer: {e.Message}");
        }
    }

    /// <summary>Removes the tables of an earlier run with policies.</summary>
    public static SyncOutcome RemoveTables(bool isDryRun)
    {
        using var kernel = NftablesClient.Find();
        return kernel is null ? SyncOutcome.Steady : RemoveTables(kernel, isDryRun);
    }

    private static SyncOutcome RemoveTables(NftablesClient kernel, bool isDryRun) =>
        NftablesPolicy.Remove(kernel, PolicyRules.Table, isDryRun).And(BridgedPods.Remove(kernel, isDryRun));

    /// <inheritdoc/>
    public void Dispose()
    {
        source.Dispose();
        flows.Dispose();
        Started?.Dispose();
        client?.Dispose();
    }
}
