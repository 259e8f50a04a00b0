using System.Text;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Policy.Bridging;
using Plugboard.Coordinator.Policy.Judging;
using Plugboard.Coordinator.Policy.Nftables;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Coordinator.Policy.Starting;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Starting;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Policy;

/// <summary>
/// A node with nine pods, namespaces x, y, z with a, b, c each, on one bridge or each behind a link of its own; each listens on 80 and 81.
/// What the oracle says of the files is compared with what packets do.
/// </summary>
internal sealed class PolicyNode : TestMachine
{
    private static readonly string[] homes = ["x", "y", "z"];
    private static readonly string[] names = ["a", "b", "c"];

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("policy");
    private readonly ProbedPods probe = new();
    private readonly Dictionary<string, string> labels = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> homeLabels = new(StringComparer.Ordinal);

    private readonly bool hasPortRules;

    public PolicyNode(bool isBridged = true, PolicyOptions? options = null, bool hasStarts = false, bool hasPortRules = false)
    {
        this.hasPortRules = hasPortRules;
        Starts = hasStarts ? new PodStarts(directory.FullName) : null;
        Starts?.Open(TimeSpan.FromSeconds(5));
        Options = options ?? new PolicyOptions { NodeName = "n1", Directory = directory.FullName };
        Options = Options with { Directory = directory.FullName };
        Tool("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
        Tool("sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0");
        Tool("ip link set lo up");
        if (isBridged)
            Ip(
                """
                link add cni0 type bridge
                addr add 10.244.1.1/24 dev cni0
                addr add fd00:244:0:1::1/64 dev cni0 nodad
                link set cni0 up
                """
            );
        foreach (
            var (name, place) in homes
                .SelectMany(static home => names.Select(name => $"{home}/{name}"))
                .Select(static (name, i) => (name, i + 10))
        )
            AddPod(name, place, isBridged);
        // The kernel notes carriers up to a second late, and a bridge sends nothing to a port before.
        foreach (var ns in probe.All.Prepend(this))
            Eventually.True(
                () => !ns.Tool("ip link show up type veth").Contains("state DOWN", StringComparison.Ordinal),
                static () => "a link is down"
            );
        foreach (var home in homes)
            homeLabels[home] = $"ns: {home}";
        WritePods();
        Write();
        Files = NewFiles();
        Reconciler = NewReconciler(Files);
        Client = NftablesClient.Open(Namespace);
    }

    public PolicyOptions Options { get; set; }

    /// <summary>The records of plugins; null: nobody reads them.</summary>
    public PodStarts? Starts { get; }

    public PolicyFiles Files { get; private set; }

    public PolicyReconciler Reconciler { get; private set; }

    public NftablesClient Client { get; }

    /// <summary>The cluster policies c0, c1 and so on of the next <see cref="Write"/>: each the YAML of a spec.</summary>
    public IReadOnlyList<string> Cluster { get; set; } = [];

    public IReadOnlyCollection<string> Pods => probe.Names;

    public string DirectoryPath => directory.FullName;

    public static ClusterView View { get; } =
        new()
        {
            Network = new NetConf { Network = IPPrefix.Parse("10.244.0.0/16") },
            Self = new LocalNode { Name = "n1", PodCidrs = [IPPrefix.Parse("10.244.1.0/24")] },
            IsComplete = true,
        };

    public TestNamespace Pod(string name) => probe.Pod(name);

    public IPAddr Address(string name, bool is6) => probe.Address(name, is6);

    public PolicyFiles NewFiles() => new(directory.FullName, TimeProvider.System, readsCluster: Options.ReadsCluster);

    public PolicyReconciler NewReconciler(PolicyFiles files) =>
        new(Options, files, static () => true, TimeProvider.System)
        {
            OwnAddresses = static () => [IPAddr.Parse("10.244.1.1"), IPAddr.Parse("fd00:244:0:1::1")],
            Started = Starts is null ? null : new StartedPods(Starts) { ReadAliases = ReadAliases },
            Bridged = hasPortRules ? new BridgedPods(ReadPorts) : null,
        };

    private static Attachment OwnerOf(string pod) => new("cluster", pod.Replace('/', '-'), "eth0");

    private static string LinkOf(string pod) => "v" + pod.Replace("/", "", StringComparison.Ordinal);

    private IReadOnlyList<PodPort> ReadPorts() =>
        [
            .. Pods.Select(static pod => new PodPort(
                LinkOf(pod),
                StartedPods.AliasOf(OwnerOf(pod))!,
                IsVeth: true,
                [IPPrefix.Parse("10.244.1.1/24"), IPPrefix.Parse("fd00:244:0:1::1/64")]
            )),
        ];

    /// <summary>Reports a pod as the plugin that attached it.</summary>
    public void Report(string pod) =>
        Starts!.Announce(new PodStart(OwnerOf(pod), pod[..1], pod[2..], [Address(pod, is6: false), Address(pod, is6: true)], 1));

    /// <summary>Reports all pods.</summary>
    public void ReportAll()
    {
        foreach (var pod in Pods)
            Report(pod);
    }

    private void AddPod(string name, int place, bool isBridged)
    {
        var pod = probe.Add(name, IPAddr.Parse($"10.244.1.{place}"), IPAddr.Parse($"fd00:244:0:1::{place}"));
        labels[name] = $"pod: {name[2..]}";
        pod.Tool("sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0");
        var link = LinkOf(name);
        var (four, six) = isBridged ? ("24", "64") : ("32", "128");
        if (isBridged)
            Ip(
                $"""
                link add {link} type veth peer name eth0 netns {pod.Path}
                link set {link} master cni0 up
                link set {link} type bridge_slave hairpin on
                """
            );
        else
            Ip(
                $"""
                link add {link} type veth peer name eth0 netns {pod.Path}
                addr add 10.244.1.1/32 dev {link}
                addr add fd00:244:0:1::1/128 dev {link} nodad
                link set {link} up
                route add 10.244.1.{place} dev {link}
                route add fd00:244:0:1::{place} dev {link}
                """
            );
        pod.Ip(
            $"""
            link set lo up
            addr add 10.244.1.{place}/{four} dev eth0
            addr add fd00:244:0:1::{place}/{six} dev eth0 nodad
            link set eth0 up
            """
        );
        if (!isBridged)
            pod.Ip(
                """
                route add 10.244.1.1 dev eth0
                route add fd00:244:0:1::1 dev eth0
                """
            );
        pod.Ip(
            """
            route add default via 10.244.1.1
            route add default via fd00:244:0:1::1
            """
        );
    }

    /// <summary>Replaces a pod's labels, as YAML: <c>pod: a, tier: web</c>.</summary>
    public void Label(string pod, string text) => labels[pod] = text;

    /// <summary>Takes a pod out of the file; it goes on living.</summary>
    public void Hide(string pod) => labels.Remove(pod);

    /// <summary>The same of a namespace.</summary>
    public void LabelNamespace(string home, string text) => homeLabels[home] = text;

    /// <summary>Writes the pods and namespaces.</summary>
    /// <param name="more">Further documents.</param>
    public void WritePods(string more = "")
    {
        var text = new StringBuilder();
        foreach (var (home, all) in homeLabels)
            text.Append($"kind: Namespace\nmetadata: {{name: {home}, labels: {{{all}}}}}\n---\n");
        foreach (var (name, all) in labels)
        {
            var (home, pod) = (name[..1], name[2..]);
            text.Append($"kind: Pod\nmetadata: {{name: {pod}, namespace: {home}, labels: {{{all}}}}}\n")
                .Append("spec:\n  nodeName: n1\n  containers:\n  - ports:\n");
            foreach (
                var (protocol, port) in new[] { "tcp", "udp" }.SelectMany(static protocol =>
                    ProbedPods.Ports.Select(port => (protocol, port))
                )
            )
                text.Append($"    - {{name: serve-{port}-{protocol}, containerPort: {port}, protocol: {protocol.ToUpperInvariant()}}}\n");
            text.Append(
                $"status: {{phase: Running, podIPs: [{{ip: {Address(name, is6: false)}}}, {{ip: '{Address(name, is6: true)}'}}]}}\n---\n"
            );
        }

        Replace("pods.yaml", text.Append(more).ToString());
    }

    /// <summary>Writes the policies: each a namespace and the YAML of a spec.</summary>
    public void Write(params IReadOnlyList<(string Home, string Spec)> policies)
    {
        var text = new StringBuilder(policies.Count == 0 ? "kind: List\nitems: []\n" : "");
        for (var i = 0; i < policies.Count; i++)
            Append($"kind: NetworkPolicy\nmetadata: {{name: p{i}, namespace: {policies[i].Home}}}", policies[i].Spec);
        for (var i = 0; i < Cluster.Count; i++)
            Append($"kind: ClusterNetworkPolicy\nmetadata: {{name: c{i}}}", Cluster[i]);

        void Append(string head, string spec)
        {
            text.Append("---\n").Append(head).Append("\nspec:\n");
            foreach (var line in spec.Split('\n'))
                text.Append("  ").Append(line).Append('\n');
        }

        Replace("policies.yaml", text.ToString());
    }

    public void Replace(string file, string text)
    {
        var path = System.IO.Path.Combine(directory.FullName, file);
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
    }

    public SyncOutcome Sync(SyncCause cause) => Run(() => Reconciler.Sync(View, cause));

    /// <summary>Syncs until the files are in force; nothing may be wrong.</summary>
    public IReadOnlyList<Change> SyncWell(SyncCause cause = SyncCause.Source)
    {
        var changes = new List<Change>();
        for (var i = 0; i < 2; i++)
        {
            var outcome = Sync(cause);
            Assert.Equal([], outcome.Problems);
            changes.AddRange(outcome.Changes);
            // A content with fewer objects waits for whether it stays.
            if (!Files.IsWaiting)
                break;
            Datagrams.Pause(PolicyFile<PolicyObjects>.Settling + TimeSpan.FromMilliseconds(20));
        }

        return changes;
    }

    /// <summary>The same, until the flows were compared too: they may have been compared a moment ago.</summary>
    public IReadOnlyList<Change> SyncFlows()
    {
        var changes = SyncWell();
        Datagrams.Pause(TimeSpan.FromMilliseconds(550));
        return [.. changes, .. SyncWell()];
    }

    /// <summary>The aliases of the node's links, for reports of pods that are gone; null: reports are not compared with them.</summary>
    public Func<IEnumerable<string>>? ReadAliases { get; set; }

    /// <summary>Another process: nothing is remembered.</summary>
    public void Restart()
    {
        Reconciler.Dispose();
        // A child that another test starts has a copy of the socket that owns the table, until it executes.
        Eventually.True(() => Client.Find(PolicyRules.Table) is not { OwnerPortId: > 0 }, static () => "the table still has its owner");
        Files = NewFiles();
        Reconciler = NewReconciler(Files);
    }

    /// <summary>Holds packets of every pair, port and protocol against the oracle.</summary>
    public void Holds(string what) =>
        probe.Holds(what, new PolicyOracle(Files.Current!), () => Tool("nft list table inet plugboard_policy"));

    /// <summary>The datagrams that came to a pod's port since the last look.</summary>
    public HashSet<string> Received(string pod, int port) => probe.Received(pod, port);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Reconciler.Dispose();
            Client.Dispose();
            probe.Dispose();
            directory.Delete(recursive: true);
        }

        base.Dispose(disposing);
    }
}
