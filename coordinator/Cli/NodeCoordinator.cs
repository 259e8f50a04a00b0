using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Files;
using Plugboard.Coordinator.Masquerade;
using Plugboard.Coordinator.Node;
using Plugboard.Coordinator.Pods;
using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Policy.Api;
using Plugboard.Coordinator.Policy.Bridging;
using Plugboard.Coordinator.Policy.Judging;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Coordinator.Policy.Starting;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Coordinator.Routes;
using Plugboard.Coordinator.Sources;
using Plugboard.Coordinator.Sources.Etcd;
using Plugboard.Coordinator.Sources.Kubernetes;
using Plugboard.Coordinator.Sources.Static;
using Plugboard.Coordinator.Tracking;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Starting;
using Plugboard.Linux;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Route;

namespace Plugboard.Coordinator.Cli;

/// <summary>
/// The coordinator of a node, put together from the settings. In the calling thread's network namespace; for that thread.
/// </summary>
internal sealed class NodeCoordinator : IDisposable
{
    private readonly Settings settings;
    private readonly RouteClient client;
    private readonly NodeNetwork network = new();
    private readonly MasqueradeConfigFile? masqueradeFile;
    private readonly MasqueradeReconciler? masquerade;
    private readonly PodReconciler? pods;
    private readonly IPolicySource? policySource;
    private readonly PolicyReconciler? policy;
    private readonly StartedPods? startedPods;
    private BridgeNetfilterWatch? bridgeFilter;
    private readonly Action<string> log;
    private readonly Complaints complaints;

    private NodeCoordinator(Settings settings, RouteClient client, Action<string> log)
    {
        this.settings = settings;
        this.log = log;
        complaints = new Complaints(log);
        this.client = client;
        Routes = new RouteReconciler(client, network, settings.Routes);
        Files = settings.Files is { } files ? new FilesReconciler(files, settings.NodeName) : null;
        Source = SourceOf(settings, log);
        if (settings.Masquerade is { } rules)
        {
            masqueradeFile = new MasqueradeConfigFile(settings.MasqueradeConfig, rules, TimeProvider.System, settings.MasqueradeBackup);
            masquerade = new MasqueradeReconciler(rules, masqueradeFile);
        }

        pods = settings.RestoresPods ? new PodReconciler(PodRecordStore.Root) : null;
        if (settings.Policy is { } policies)
        {
            policySource = policies.Directory is { } directory
                ? new PolicyFiles(directory, TimeProvider.System, policies.ReadsAnnotation, policies.ReadsCluster)
                : new PolicyApi(policies, settings.Kubernetes, log);
            startedPods = new StartedPods(new PodStarts()) { ReadAliases = () => client.Links.List().Select(static link => link.Alias) };
            policy = new PolicyReconciler(policies, policySource, HasBridge, TimeProvider.System)
            {
                OwnAddresses = () => network.Addresses.Select(static own => own.Address.Address),
                Started = startedPods,
                Bridged = new BridgedPods(() => ReadPorts(client)),
            };
        }

        // Policies come before what lets pods start.
        Reconcilers = ((IReconciler?[])[masquerade, policy, pods, Routes, Files]).OfType<IReconciler>().ToList();
        ViewBuilder = new ViewBuilder(settings.NodeName, settings.Network, settings.Source == SourceKind.None)
        {
            PodNetworkHint = HintOf(settings),
            IsLeased = settings.Source == SourceKind.Etcd,
            PublishesAddress =
                settings is { Source: SourceKind.Etcd } or { Source: SourceKind.Kubernetes, Kubernetes.Peers: PeersMode.Annotations },
        };
    }

    /// <summary>The reconciler of routes.</summary>
    public RouteReconciler Routes { get; }

    /// <summary>The reconciler of files; null: nothing is written.</summary>
    public FilesReconciler? Files { get; }

    /// <summary>What the reconciler of policies did; null: no policy is enforced. For any thread.</summary>
    public PolicyState? ReadPolicyState() => policy is null ? null : policy.ReadState() with { Kinds = policySource!.Kinds };

    /// <summary>All reconcilers in their order.</summary>
    public IReadOnlyList<IReconciler> Reconcilers { get; }

    /// <summary>The source of the nodes.</summary>
    public IPeerSource Source { get; }

    /// <summary>Makes the view.</summary>
    public ViewBuilder ViewBuilder { get; }

    /// <summary>Puts it together; nothing is changed yet.</summary>
    public static NodeCoordinator Open(Settings settings, Action<string> log)
    {
        var opened = RouteClient.Open();
        try
        {
            return new NodeCoordinator(settings, opened, log);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    private static IPeerSource SourceOf(Settings settings, Action<string> log) =>
        settings.Source switch
        {
            SourceKind.Etcd => new EtcdSource(settings.Etcd, new BootTime(), log),
            SourceKind.None => new NoSource(),
            SourceKind.Kubernetes => KubernetesOf(settings, log),
            _ => new StaticSource(
                new StaticOptions
                {
                    Path = settings.PeersFile,
                    NodeName = settings.NodeName,
                    Network = settings.Network,
                },
                TimeProvider.System,
                log
            ),
        };

    private static string HintOf(Settings settings) =>
        settings.Source switch
        {
            SourceKind.Static => $"write podCIDRs into its entry of {settings.PeersFile}",
            SourceKind.Etcd => "its lease in etcd is not acquired yet",
            _ => $"spec.podCIDRs of Node {settings.NodeName} is empty: the controller manager assigns it if it runs with "
                + "--allocate-node-cidrs",
        };

    private static KubernetesSource KubernetesOf(Settings settings, Action<string> log)
    {
        try
        {
            return KubernetesSource.Create(settings.Kubernetes, log);
        }
        catch (FormatException e)
        {
            throw new SettingException($"--kube-annotation-prefix {settings.Kubernetes.AnnotationPrefix}: {e.Message}");
        }
    }

    /// <summary>The engine that runs the reconcilers.</summary>
    public CoordinatorEngine CreateEngine(Action<string> log)
    {
        var parts = new EngineParts
        {
            Source = Source,
            ViewBuilder = ViewBuilder,
            Uplink = settings.Uplink,
            Client = client,
            Network = network,
            Reconcilers = Reconcilers,
            Log = log,
        };
        if (settings.Uplink.IsFree)
            Source.Expect(OwnAddresses());
        var engine = new CoordinatorEngine(parts, settings.Engine);
        TryWatch(() => masqueradeFile?.Watch(engine.Reconfigure), $"{settings.MasqueradeConfig} is polled every few seconds", log);
        if (policy is not null)
            TryWatch(
                () => policySource!.Watch(() => engine.Ask(policy)),
                $"the files in {settings.Policy!.Directory} are polled every few seconds",
                log
            );
        if (policy is not null)
        {
            policy.Wake = () => engine.Ask(policy);
            bridgeFilter = new BridgeNetfilterWatch(() =>
            {
                policy.NoteBridgeFilterLost();
                engine.Ask(policy);
            });
            TryWatch(
                () => startedPods!.Open(settings.Policy!.StartWait, () => engine.Ask(policy)),
                "pods that start are known when the Pod objects have their addresses",
                log
            );
        }

        TryWatch(() => Files?.Watch(engine.Reconfigure), "files are compared at audits only", log);
        return engine;
    }

    private static void TryWatch(Action watch, string otherwise, Action<string> log)
    {
        try
        {
            watch();
        }
        catch (Linux.ErrnoException e)
        {
            log($"{otherwise}: {e.Message}");
        }
    }

    // The advertised addresses, else all of this node's own.
    private ValueArray<IPAddr> OwnAddresses()
    {
        network.Read(client);
        IPAddr?[] told = [settings.Uplink.PublicIP, settings.Uplink.PublicIPv6];
        return told.OfType<IPAddr>()
            .Concat(network.Addresses.Select(own => own.Address.Address).Where(static address => address.IsGlobalUnicast))
            .Distinct()
            .ToValueArray();
    }

    /// <summary>Waits for one complete list; the view of then, with what is missing in it.</summary>
    /// <param name="patience">How long to wait.</param>
    public (ClusterView? View, string? NotReadyReason, ClusterSnapshot Snapshot) ReadOnce(TimeSpan patience)
    {
        using var changed = new LateSignal();
        using var ending = new CancellationTokenSource();
        var store = new NodeStore(changed.Set);
        Source.Recognise(OwnAddresses());
        var source = Task.Run(() => Source.RunAsync(store, ending.Token));
        policySource?.Await(patience);
        var began = TimeProvider.System.GetTimestamp();
        while (!store.Current.IsComplete && TimeProvider.System.GetElapsedTime(began) < patience)
            changed.Wait(TimeSpan.FromMilliseconds(100));
        ending.Cancel();
        source.ContinueWith(static _ => { }, TaskScheduler.Default).Wait(TimeSpan.FromSeconds(1));
        var snapshot = store.Current;
        network.Read(client);
        var question = ViewBuilder.QuestionOf(snapshot, settings.Uplink, before: null);
        var finder = new UplinkFinder(network, question, address => NodeNetwork.FindRoute(client, address));
        var uplink = finder.Find();
        var (view, notReady) = ViewBuilder.Build(snapshot, uplink, network.Links, finder.Fault);
        if (finder.IsSubstitute)
            log($"warning: {finder.Fault}");
        foreach (var note in view?.Notes ?? [])
            log($"note: {note}");
        // The reason may be more specific than that the source does not know the node.
        return (view, snapshot.Nodes.ContainsKey(settings.NodeName) ? notReady : snapshot.Fault ?? notReady, snapshot);
    }

    // The links that were read last; the first comparison comes after the first reading.
    private bool HasBridge() => network.Links.Values.Any(static link => link.Kind == "bridge");

    private static IReadOnlyList<PodPort> ReadPorts(RouteClient client)
    {
        var links = client.Links.List();
        var bridges = links.Where(static link => link.Kind == "bridge").Select(static link => link.Index).ToHashSet();
        var networks = client.Addresses.ListAll().ToLookup(static own => own.LinkIndex, static own => own.Address);
        return
        [
            .. links
                .Where(link => bridges.Contains(link.MasterIndex))
                .Select(link => new PodPort(link.Name, link.Alias, link.Kind == "veth", networks[link.MasterIndex].ToValueArray())),
        ];
    }

    /// <summary>The objects of network policy, read now.</summary>
    /// <param name="patience">How long to wait for them.</param>
    /// <exception cref="SettingException">No policy is enforced, or there are no objects.</exception>
    public PolicyObjects ReadPolicies(TimeSpan patience)
    {
        if (policySource is null)
            throw new SettingException("no policy is enforced: set --network-policy");
        policySource.Await(patience);
        var objects = policySource.Current ?? throw new SettingException(policySource.Problem!);
        foreach (var warning in policySource.Warnings)
            complaints.Add($"policy: warning: {warning}");
        return ReportedPods.Apply(objects, settings.NodeName, ReadReports());
    }

    private IReadOnlyList<PodStart> ReadReports()
    {
        try
        {
            var own = NetworkNamespace.FindOwnInode();
            return [.. new PodStarts().List().Where(start => start.IsOf(own))];
        }
        catch (ErrnoException e)
        {
            complaints.Add($"policy: warning: pods that plugins reported are not read: {e.Message}");
            return [];
        }
    }

    // A pod may always reach its own node, and the other way round.
    private Dictionary<IPAddr, string> NodeAddresses(ClusterView view)
    {
        var found = new Dictionary<IPAddr, string>();
        foreach (var (name, address) in view.Peers.SelectMany(static peer => peer.Addresses.Select(address => (peer.Name, address))))
            found[address] = name;
        foreach (var own in network.Addresses)
            found[own.Address.Address] = settings.NodeName;
        return found;
    }

    /// <summary>Explains the path of a connection's first packet; after <see cref="ReadOnce"/>.</summary>
    public Explanation Explain(ClusterView view, Connection connection)
    {
        var (source, destination) = (connection.Source, connection.Destination);
        masqueradeFile?.Refresh();
        var objects = policySource is null ? null : ReadPolicies(TimeSpan.Zero);
        var explanation = new Explanation(view, client, network)
        {
            FindPod = objects is null ? static _ => null : new PolicyOracle(objects).FindPod,
            KnowsNodes = settings.Source != SourceKind.None,
        };
        explanation.Walk(
            source,
            destination,
            settings.Masquerade is { } rules && masqueradeFile is { } file ? (rules, file.Current) : null
        );
        if (objects is not null)
            explanation.Judge(objects, connection, NodeAddresses(view));
        return explanation;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Files?.Dispose();
        masqueradeFile?.Dispose();
        masquerade?.Dispose();
        bridgeFilter?.Dispose();
        policy?.Dispose();
        pods?.Dispose();
        client.Dispose();
    }
}
