using System.Net;
using System.Net.Sockets;
using System.Text;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Policy.Judging;
using Plugboard.Coordinator.Policy.Objects;
using Plugboard.Coordinator.Policy.Starting;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Starting;
using Plugboard.Linux;
using Plugboard.Testing;
using static Tmds.Linux.LibC;

namespace Plugboard.Tests.Kernel.Coordinator.Policy;

/// <summary>
/// A node with nine pods, namespaces x, y, z with a, b, c each, on one bridge or each behind a link of its own; each listens on 80 and 81.
/// What the oracle says of the files is compared with what packets do.
/// </summary>
internal sealed class PolicyNode : TestMachine
{
    private const int ProtocolSctp = 132;
    private const int MostAttempts = 40;
    private static readonly string[] homes = ["x", "y", "z"];
    private static readonly string[] names = ["a", "b", "c"];
    private static readonly int[] ports = [80, 81];

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("policy");
    private readonly SortedDictionary<string, TestNamespace> pods = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (IPAddr Four, IPAddr Six)> addresses = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> labels = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> homeLabels = new(StringComparer.Ordinal);
    private readonly List<Socket> listeners = [];
    private readonly List<(string Pod, int Port, Socket Socket)> receivers = [];
    private int asked;

    public PolicyNode(bool isBridged = true, PolicyOptions? options = null, bool hasStarts = false)
    {
        Starts = hasStarts ? new PodStarts(directory.FullName) : null;
        Starts?.Open(TimeSpan.FromSeconds(5));
        Options = options ?? new PolicyOptions { NodeName = "n1", Directory = directory.FullName };
        Options = Options with { Directory = directory.FullName };
        Tool("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
        Tool("sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0");
        Tool("ip link set lo up");
        if (isBridged)
            foreach (
                var command in new[]
                {
                    "link add cni0 type bridge",
                    "addr add 10.244.1.1/24 dev cni0",
                    "-6 addr add fd00:244:0:1::1/64 dev cni0 nodad",
                    "link set cni0 up",
                }
            )
                Tool($"ip {command}");
        foreach (
            var (name, place) in homes
                .SelectMany(static home => names.Select(name => $"{home}/{name}"))
                .Select(static (name, i) => (name, i + 10))
        )
            AddPod(name, place, isBridged);
        // The kernel notes carriers up to a second late, and a bridge sends nothing to a port before.
        foreach (var ns in pods.Values.Prepend<TestNamespace>(this))
            Eventually.True(
                () => !ns.Tool("ip link show up type veth").Contains("state DOWN", StringComparison.Ordinal),
                static () => "a link is down"
            );
        foreach (var home in homes)
            homeLabels[home] = $"ns: {home}";
        WritePods();
        Write();
        Files = new PolicyFiles(directory.FullName, TimeProvider.System);
        Reconciler = NewReconciler(Files);
        Client = NftablesClient.Open(Namespace);
    }

    public PolicyOptions Options { get; set; }

    /// <summary>The records of plugins; null: nobody reads them.</summary>
    public PodStarts? Starts { get; }

    public PolicyFiles Files { get; private set; }

    public PolicyReconciler Reconciler { get; private set; }

    public NftablesClient Client { get; }

    public IReadOnlyCollection<string> Pods => pods.Keys;

    public string DirectoryPath => directory.FullName;

    public static ClusterView View { get; } =
        new()
        {
            Network = new NetConf { Network = IPPrefix.Parse("10.244.0.0/16") },
            Self = new LocalNode { Name = "n1", PodCidrs = [IPPrefix.Parse("10.244.1.0/24")] },
            IsComplete = true,
        };

    public TestNamespace Pod(string name) => pods[name];

    public IPAddr Address(string name, bool is6) => is6 ? addresses[name].Six : addresses[name].Four;

    private PolicyReconciler NewReconciler(PolicyFiles files) =>
        new(Options, files, static () => true, TimeProvider.System)
        {
            OwnAddresses = static () => [IPAddr.Parse("10.244.1.1"), IPAddr.Parse("fd00:244:0:1::1")],
            Started = Starts is null ? null : new StartedPods(Starts),
        };

    private void AddPod(string name, int place, bool isBridged)
    {
        var pod = new TestNamespace();
        pods.Add(name, pod);
        addresses[name] = (IPAddr.Parse($"10.244.1.{place}"), IPAddr.Parse($"fd00:244:0:1::{place}"));
        labels[name] = $"pod: {name[2..]}";
        pod.Tool("sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0");
        var link = "v" + name.Replace("/", "", StringComparison.Ordinal);
        Tool($"ip link add {link} type veth peer name eth0 netns {pod.Path}");
        var (four, six) = isBridged ? ("24", "64") : ("32", "128");
        foreach (
            var command in new[]
            {
                "link set lo up",
                $"addr add 10.244.1.{place}/{four} dev eth0",
                $"-6 addr add fd00:244:0:1::{place}/{six} dev eth0 nodad",
                "link set eth0 up",
            }
        )
            pod.Tool($"ip {command}");
        if (isBridged)
        {
            Tool($"ip link set {link} master cni0 up");
            Tool($"bridge link set dev {link} hairpin on");
        }
        else
        {
            foreach (
                var command in new[]
                {
                    $"addr add 10.244.1.1/32 dev {link}",
                    $"-6 addr add fd00:244:0:1::1/128 dev {link} nodad",
                    $"link set {link} up",
                    $"route add 10.244.1.{place} dev {link}",
                    $"-6 route add fd00:244:0:1::{place} dev {link}",
                }
            )
                Tool($"ip {command}");
            pod.Tool("ip route add 10.244.1.1 dev eth0");
            pod.Tool("ip -6 route add fd00:244:0:1::1 dev eth0");
        }

        pod.Tool("ip route add default via 10.244.1.1");
        pod.Tool("ip -6 route add default via fd00:244:0:1::1");
        foreach (var port in ports)
            Listen(name, pod, port);
    }

    private void Listen(string name, TestNamespace pod, int port)
    {
        // The kernel completes connections that no process accepts.
        var tcp = pod.Run(static () => new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true });
        tcp.Bind(IPEndPoint.Parse($"[::]:{port}"));
        tcp.Listen(4096);
        listeners.Add(tcp);
        var udp = pod.Run(static () => new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp) { DualMode = true });
        udp.Bind(IPEndPoint.Parse($"[::]:{port}"));
        udp.Blocking = false;
        receivers.Add((name, port, udp));
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
            foreach (var (protocol, port) in new[] { "tcp", "udp" }.SelectMany(static protocol => ports.Select(port => (protocol, port))))
                text.Append($"    - {{name: serve-{port}-{protocol}, containerPort: {port}, protocol: {protocol.ToUpperInvariant()}}}\n");
            text.Append($"status: {{phase: Running, podIPs: [{{ip: {addresses[name].Four}}}, {{ip: '{addresses[name].Six}'}}]}}\n---\n");
        }

        Replace("pods.yaml", text.Append(more).ToString());
    }

    /// <summary>Writes the policies: each a namespace and the YAML of a spec.</summary>
    public void Write(params IReadOnlyList<(string Home, string Spec)> policies)
    {
        var text = new StringBuilder(policies.Count == 0 ? "kind: List\nitems: []\n" : "");
        for (var i = 0; i < policies.Count; i++)
        {
            text.Append($"---\nkind: NetworkPolicy\nmetadata: {{name: p{i}, namespace: {policies[i].Home}}}\nspec:\n");
            foreach (var line in policies[i].Spec.Split('\n'))
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

    /// <summary>Another process: nothing is remembered.</summary>
    public void Restart()
    {
        Reconciler.Dispose();
        Files = new PolicyFiles(directory.FullName, TimeProvider.System);
        Reconciler = NewReconciler(Files);
    }

    /// <summary>Holds packets of every pair, port and protocol against the oracle.</summary>
    public void Holds(string what)
    {
        var oracle = new PolicyOracle(Files.Current!);
        foreach (var is6 in new[] { false, true })
        {
            Compare(what, is6, 6, oracle, Connect);
            Compare(what, is6, 17, oracle, Send);
        }

        Compare(what, false, ProtocolSctp, oracle, SendSctp);
    }

    private void Compare(string what, bool is6, byte protocol, PolicyOracle oracle, Func<bool, HashSet<string>> probe)
    {
        var expected = Pairs()
            .Where(pair =>
                oracle.Judge(new Connection(Address(pair.From, is6), Address(pair.To, is6), protocol, (ushort)pair.Port)).IsAllowed
            )
            .Select(Name)
            .ToHashSet(StringComparer.Ordinal);
        HashSet<string> seen = [];
        // On a busy machine an allowed packet may take longer than the probe waits.
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            var now = probe(is6);
            seen.UnionWith(now);
            // One that passes wrongly fails at once; those that are missing may have been late.
            if (seen.IsSupersetOf(expected))
                break;
        }

        Assert.True(
            seen.SetEquals(expected),
            $"{what}, protocol {protocol}, {(is6 ? "IPv6" : "IPv4")}: wrongly passed: {string.Join(", ", seen.Except(expected).Take(10))}; "
                + $"wrongly refused: {string.Join(", ", expected.Except(seen).Take(10))}\n{Tool("nft list table inet plugboard_policy")}"
        );
    }

    private IEnumerable<(string From, string To, int Port)> Pairs() =>
        from source in pods.Keys
        from destination in pods.Keys
        where source != destination
        from port in ports
        select (source, destination, port);

    private static string Name((string From, string To, int Port) pair) => $"{pair.From}->{pair.To}:{pair.Port}";

    private HashSet<string> Connect(bool is6)
    {
        var open = new List<(string Name, Socket Socket, Task Connected)>();
        foreach (var group in Pairs().GroupBy(static pair => pair.From))
        {
            pods[group.Key]
                .Run(() =>
                {
                    foreach (var pair in group)
                    {
                        var socket = new Socket(
                            is6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork,
                            SocketType.Stream,
                            ProtocolType.Tcp
                        );
                        socket.LingerState = new LingerOption(enable: true, 0);
                        open.Add((Name(pair), socket, socket.ConnectAsync(EndOf(pair.To, is6, pair.Port))));
                    }
                });
        }

        // One after another: those that are refused never end by themselves.
        var patience = TimeSpan.FromMilliseconds(150);
        Datagrams.Pause(patience);
        var seen = open.Where(static each => each.Connected.IsCompletedSuccessfully)
            .Select(static each => each.Name)
            .ToHashSet(StringComparer.Ordinal);
        foreach (var (_, socket, connected) in open)
        {
            _ = connected.ContinueWith(static task => task.Exception, TaskScheduler.Default);
            socket.Dispose();
        }

        return seen;
    }

    private IPEndPoint EndOf(string pod, bool is6, int port) =>
        IPEndPoint.Parse(is6 ? $"[{Address(pod, true)}]:{port}" : $"{Address(pod, false)}:{port}");

    private HashSet<string> Send(bool is6)
    {
        var mark = $"{++asked} ";
        foreach (var group in Pairs().GroupBy(static pair => pair.From))
        {
            using var socket = pods[group.Key]
                .Run(() => new Socket(is6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
            foreach (var pair in group)
                TrySend(socket, Encoding.ASCII.GetBytes(mark + Name(pair)), EndOf(pair.To, is6, pair.Port));
        }

        Datagrams.Pause(TimeSpan.FromMilliseconds(50));
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (_, _, socket) in receivers)
        {
            var buffer = new byte[200];
            while (socket.Available > 0)
            {
                var text = Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer));
                if (text.StartsWith(mark, StringComparison.Ordinal))
                    seen.Add(text[mark.Length..]);
            }
        }

        return seen;
    }

    /// <summary>The datagrams that came to a pod's port since the last look.</summary>
    public HashSet<string> Received(string pod, int port)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        var socket = receivers.Find(each => each.Pod == pod && each.Port == port).Socket;
        var buffer = new byte[200];
        while (socket.Available > 0)
            found.Add(Encoding.ASCII.GetString(buffer, 0, socket.Receive(buffer)));
        return found;
    }

    // An answer to an earlier datagram may be a refusal.
    private static void TrySend(Socket socket, byte[] bytes, EndPoint to)
    {
        try
        {
            socket.SendTo(bytes, to);
        }
        catch (SocketException)
        {
            socket.SendTo(bytes, to);
        }
    }

    // The machine's kernel has no SCTP sockets; its connection tracking knows the protocol.
    private HashSet<string> SendSctp(bool is6)
    {
        var receiving = pods.ToDictionary(static pod => pod.Key, static pod => pod.Value.Run(OpenSctp), StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            foreach (var group in Pairs().GroupBy(static pair => pair.From))
            {
                var source = receiving[group.Key];
                foreach (var pair in group)
                    TrySend(source, SctpPackets.Init((ushort)(++asked % 20_000 + 10_000), (ushort)pair.Port), EndOf(pair.To, is6, 0));
            }

            Datagrams.Pause(TimeSpan.FromMilliseconds(50));
            var buffer = new byte[200];
            foreach (var (name, socket) in receiving)
            {
                while (socket.Available > 0)
                {
                    var length = socket.Receive(buffer);
                    var (from, port) = SctpPackets.Read(buffer.AsSpan(0, length));
                    if (pods.Keys.FirstOrDefault(pod => Address(pod, false) == from) is { } sender)
                        seen.Add(Name((sender, name, port)));
                }
            }
        }
        finally
        {
            foreach (var socket in receiving.Values)
                socket.Dispose();
        }

        return seen;
    }

    // .NET does not know the protocol.
    private static Socket OpenSctp()
    {
        var number = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, ProtocolSctp);
        if (number < 0)
            throw ErrnoException.Last("socket", "SCTP");
        return new Socket(new SafeSocketHandle(number, ownsHandle: true)) { Blocking = false };
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Reconciler.Dispose();
            Client.Dispose();
            foreach (var listener in listeners.Concat(receivers.Select(static each => each.Socket)))
                listener.Dispose();
            foreach (var pod in pods.Values)
                pod.Dispose();
            directory.Delete(recursive: true);
        }

        base.Dispose(disposing);
    }
}
