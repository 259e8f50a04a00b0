using System.Text;
using Plugboard.Addresses;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Policy.Judging;
using Plugboard.Coordinator.Reconciling;

namespace Plugboard.Tests.Kernel.Coordinator.Policy;

/// <summary>
/// Two nodes with a vxlan between, each with three pods behind links of their own, and each with its reconciler of policies.
/// </summary>
internal sealed class PolicyPair : IDisposable
{
    private static readonly (string Name, int Node)[] places = [("x/a", 1), ("x/b", 2), ("x/c", 2), ("y/a", 1), ("y/b", 2), ("z/a", 1)];

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("policy");
    private readonly Dictionary<string, string> labels = new(StringComparer.Ordinal);
    private readonly List<(CoordinatedNode Node, PolicyReconciler Reconciler, PolicyFiles Files)> enforcers = [];

    public PolicyPair()
    {
        Cluster.Start();
        Cluster.AssertAllReachAll();
        for (var i = 0; i < places.Length; i++)
            AddPod(places[i].Name, places[i].Node, i + 10);
        WritePods();
        Write();
        for (var number = 1; number <= Cluster.Nodes.Count; number++)
        {
            var options = new PolicyOptions { NodeName = $"n{number}", Directory = directory.FullName };
            var files = new PolicyFiles(directory.FullName, TimeProvider.System);
            var own = IPAddr.Parse($"10.244.{number}.1");
            var reconciler = new PolicyReconciler(options, files, static () => false, TimeProvider.System) { OwnAddresses = () => [own] };
            enforcers.Add((Cluster.Nodes[number - 1], reconciler, files));
        }
    }

    public NodeCluster Cluster { get; } = new(new BackendConf { Type = BackendType.Vxlan }, [2], isDual: true);

    public ProbedPods Pods { get; } = new();

    private void AddPod(string name, int number, int place)
    {
        var node = Cluster.Nodes[number - 1];
        var (four, six) = ($"10.244.{number}.{place}", $"fd00:244:0:{number}::{place}");
        var pod = Pods.Add(name, IPAddr.Parse(four), IPAddr.Parse(six));
        labels[name] = $"pod: {name[2..]}";
        var link = "v" + name.Replace("/", "", StringComparison.Ordinal);
        node.Ip(
            $"""
            link add {link} type veth peer name eth0 netns {pod.Path}
            addr add 10.244.{number}.1/32 dev {link}
            addr add fd00:244:0:{number}::1/128 dev {link} nodad
            link set {link} up
            route add {four} dev {link}
            route add {six} dev {link}
            """
        );
        pod.Ip(
            $"""
            link set lo up
            addr add {four}/32 dev eth0
            addr add {six}/128 dev eth0 nodad
            link set eth0 up
            route add 10.244.{number}.1 dev eth0
            route add fd00:244:0:{number}::1 dev eth0
            route add default via 10.244.{number}.1
            route add default via fd00:244:0:{number}::1
            """
        );
    }

    /// <summary>Replaces a pod's labels, as YAML.</summary>
    public void Label(string pod, string text) => labels[pod] = text;

    public void WritePods()
    {
        var text = new StringBuilder();
        foreach (var home in new[] { "x", "y", "z" })
            text.Append($"kind: Namespace\nmetadata: {{name: {home}, labels: {{ns: {home}}}}}\n---\n");
        foreach (var (name, number) in places)
        {
            text.Append($"kind: Pod\nmetadata: {{name: {name[2..]}, namespace: {name[..1]}, labels: {{{labels[name]}}}}}\n")
                .Append($"spec:\n  nodeName: n{number}\n  containers:\n  - ports:\n");
            foreach (var port in ProbedPods.Ports)
                text.Append($"    - {{name: serve-{port}-tcp, containerPort: {port}}}\n")
                    .Append($"    - {{name: serve-{port}-udp, containerPort: {port}, protocol: UDP}}\n");
            text.Append($"status: {{podIPs: [{{ip: {Pods.Address(name, false)}}}, {{ip: '{Pods.Address(name, true)}'}}]}}\n---\n");
        }

        Replace("pods.yaml", text.ToString());
    }

    /// <summary>Writes the policies: each a namespace and the YAML of a spec.</summary>
    public void Write(params IReadOnlyList<(string Home, string Spec)> policies)
    {
        var text = new StringBuilder(policies.Count == 0 ? "kind: List\nitems: []\n" : "");
        for (var i = 0; i < policies.Count; i++)
            text.Append($"---\nkind: NetworkPolicy\nmetadata: {{name: p{i}, namespace: {policies[i].Home}}}\nspec:\n  ")
                .Append(policies[i].Spec.Replace("\n", "\n  ", StringComparison.Ordinal))
                .Append('\n');
        Replace("policies.yaml", text.ToString());
    }

    private void Replace(string file, string text)
    {
        var path = Path.Combine(directory.FullName, file);
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Each node takes the files.</summary>
    public void Sync(SyncCause cause = SyncCause.Source)
    {
        foreach (var (node, reconciler, files) in enforcers)
        {
            do
            {
                Assert.Equal([], node.Run(() => reconciler.Sync(PolicyNode.View, cause)).Problems);
                if (files.IsWaiting)
                    Datagrams.Pause(TimeSpan.FromMilliseconds(20));
            } while (files.IsWaiting);
        }
    }

    /// <summary>The kernels have what a comparison of all would make.</summary>
    public void IsSteady()
    {
        foreach (var (node, reconciler, _) in enforcers)
            Assert.Equal([], node.Run(() => reconciler.Plan(PolicyNode.View)).Changes);
    }

    /// <summary>Holds packets of every pair against the oracle.</summary>
    public void Holds(string what) =>
        Pods.Holds(
            what,
            new PolicyOracle(enforcers[0].Files.Current!),
            () => string.Join('\n', Cluster.Nodes.Select(static node => node.Tool("nft list table inet plugboard_policy"))),
            hasSctp: false
        );

    public void Dispose()
    {
        foreach (var (_, reconciler, _) in enforcers)
            reconciler.Dispose();
        Pods.Dispose();
        Cluster.Dispose();
        directory.Delete(recursive: true);
    }
}
