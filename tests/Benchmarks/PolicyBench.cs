#pragma warning disable RS0030 // A process that goes on while it is measured.
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Linux;
using Plugboard.Linux.Namespaces;

namespace Plugboard.Benchmarks;

/// <summary>
/// Network policy on a node with 10 and with 1,000 pods, each selected by one of ten policies: the time of a connection's first packet
/// through the node, the first sync, one change, the memory; beside rules in the shape of kube-router's, by iptables and ipset, and the
/// same as a list of nftables rules.
/// </summary>
internal sealed class PolicyBench(BenchOptions options, BenchMachine machine)
{
    private const int Policies = 10;
    private const int Packets = 4000;
    private const int LeastPort = 1024;

    private readonly string directory = machine.AddDirectory();
    private readonly ClusterView view = new()
    {
        Network = new NetConf(),
        Self = new LocalNode { Name = "n1" },
        IsComplete = true,
    };
    private int port = LeastPort;

    /// <summary>Runs all rows in a namespace of its own; false where one is not reached.</summary>
    public bool Run()
    {
        var node = machine.AddNamespace("policy");
        var (client, sink) = (machine.AddNamespace("client"), machine.AddNamespace("sink"));
        Plug(node, client, "10.200.0");
        Plug(node, sink, "10.201.0");
        Ip(node, "route add 10.244.0.0/16 via 10.201.0.2");
        // The packet has done all its way when it is dropped there.
        Ip(sink, "route add blackhole 10.244.0.0/16");
        using var socket = NamespaceThread.Run(
            machine.Open(client),
            static () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        );
        return NamespaceThread.Run(machine.Open(node), () => Run(socket));
    }

    private static void Plug(string node, string other, string network)
    {
        Ip(node, $"link add {other} type veth peer name eth0 netns {other}");
        Ip(node, $"address add {network}.1/24 dev {other}");
        Ip(node, $"link set {other} up");
        Ip(other, $"address add {network}.2/24 dev eth0");
        Ip(other, "link set eth0 up");
        Ip(other, $"route add default via {network}.1");
    }

    private static void Ip(string ns, string arguments) => BenchMachine.Tool("/sbin/ip", ["-n", ns, .. arguments.Split(' ')]);

    private bool Run(Socket socket)
    {
        File.WriteAllText("/proc/sys/net/ipv4/ip_forward", "1");
        Report.Line($"{"Network policy: ours, kube-router's shape", -47} {"ours", 9}     {"iptables", 9}     {"ratio", 6}   goal");
        var reached = true;
        Nft("table inet bench {\nchain c {\ntype filter hook forward priority 0;\nct state established accept\n}\n}\n");
        FirstPacket(socket, 10);
        var bare = FirstPacket(socket, 10);
        Nft("delete table inet bench");
        // The bench's own process compiles what it runs for the first time.
        FirstSync(10);
        FirstSync(1000);
        foreach (var pods in new[] { 10, 1000 })
            reached &= Run(socket, pods);
        Report.Limit("first packet, nothing but connection tracking", bare, "us", double.PositiveInfinity);
        return reached & Memory();
    }

    private void FirstSync(int pods)
    {
        using var files = new PolicyFiles(directory, TimeProvider.System);
        var flags = new PolicyOptions { NodeName = "n1", Directory = directory };
        using var reconciler = new PolicyReconciler(flags, files, static () => false, TimeProvider.System);
        Write(pods, changed: 0);
        Expect(reconciler.Sync(view, SyncCause.Start));
        Expect(reconciler.Remove(isDryRun: false));
    }

    private bool Run(Socket socket, int pods)
    {
        var flags = new PolicyOptions { NodeName = "n1", Directory = directory };
        using var files = new PolicyFiles(directory, TimeProvider.System);
        using var reconciler = new PolicyReconciler(flags, files, static () => false, TimeProvider.System);
        Write(pods, changed: 0);
        var first = Time(() => Expect(reconciler.Sync(view, SyncCause.Start)));
        var ours = FirstPacket(socket, pods);
        var changes = new double[options.Runs];
        for (var i = 0; i < changes.Length; i++)
        {
            Write(pods, changed: i + 1);
            changes[i] = Time(() => Expect(reconciler.Sync(view, SyncCause.Source)));
        }

        Expect(reconciler.Remove(isDryRun: false));
        var (rulesLoad, rules) = WithIptables(socket, pods);
        var (listLoad, list) = WithList(socket, pods);
        Report.Limit($"first packet, {pods} pods, a list of nftables rules", list, "us", double.PositiveInfinity);
        Report.Limit($"first sync, {pods} pods, a list of nftables rules", listLoad, "ms", double.PositiveInfinity);
        var reached = Row($"first packet, {pods} pods", ours, rules, "us", pods == 10 ? 1.5 : 0.75);
        reached &= Row($"first sync, {pods} pods", first, rulesLoad, "ms", 3);
        return Row($"one pod's label, {pods} pods; theirs is a sync", Report.Median(changes), rulesLoad, "ms", 1) && reached;
    }

    private static bool Row(string what, double ours, double theirs, string unit, double limit) =>
        Report.Row(what, ours, theirs, unit, ours / theirs, limit);

    // Each datagram to another port or pod is a flow of its own.
    private double FirstPacket(Socket socket, int pods)
    {
        var bytes = "?"u8.ToArray();
        var times = new double[Packets];
        for (var i = 0; i < Packets; i++)
        {
            if (i % pods == 0)
                port = port == ushort.MaxValue ? LeastPort : port + 1;
            var end = IPEndPoint.Parse($"{AddressOf((i * 7) % pods)}:{port}");
            var start = Stopwatch.GetTimestamp();
            socket.SendTo(bytes, end);
            times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        return Report.Median(times);
    }

    private static string AddressOf(int pod) => string.Create(CultureInfo.InvariantCulture, $"10.244.{pod / 250}.{(pod % 250) + 1}");

    private void Write(int pods, int changed)
    {
        var text = new StringBuilder("kind: Namespace\nmetadata: {name: x}\n---\n")
            .Append("kind: Pod\nmetadata: {name: client, namespace: x, labels: {client: 'yes'}}\n")
            .Append("spec: {nodeName: n2}\nstatus: {podIPs: [{ip: 10.200.0.2}]}\n");
        for (var i = 0; i < pods; i++)
            text.Append(
                CultureInfo.InvariantCulture,
                $"---\nkind: Pod\nmetadata: {{name: p{i}, namespace: x, labels: {{group: g{(i == 0 ? changed : i) % Policies}}}}}\n"
                    + $"spec: {{nodeName: n1}}\nstatus: {{podIPs: [{{ip: {AddressOf(i)}}}]}}\n"
            );
        Replace("pods.yaml", text.ToString());
        text.Clear();
        for (var i = 0; i < Policies; i++)
            text.Append(CultureInfo.InvariantCulture, $"---\nkind: NetworkPolicy\nmetadata: {{name: p{i}, namespace: x}}\nspec:\n")
                .Append(CultureInfo.InvariantCulture, $"  podSelector: {{matchLabels: {{group: g{i}}}}}\n")
                .Append("  ingress: [{from: [{podSelector: {matchLabels: {client: 'yes'}}}]}]\n");
        Replace("policies.yaml", text.ToString());
    }

    private void Replace(string name, string text)
    {
        var path = Path.Combine(directory, name);
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
    }

    private static void Expect(SyncOutcome outcome)
    {
        if (outcome.Problems.Count > 0 || outcome.Changes.Count == 0)
            throw new InvalidOperationException($"{outcome.Changes.Count} changes: {string.Join("; ", outcome.Problems)}");
    }

    // A chain for each pod that two rules lead to, and a chain with two sets for each policy.
    private (double Load, double Packet) WithIptables(Socket socket, int pods)
    {
        var sets = new StringBuilder();
        var rules = new StringBuilder("*filter\n:KUBE-ROUTER-FORWARD - [0:0]\n");
        for (var i = 0; i < Policies; i++)
        {
            sets.Append($"create SRC{i} hash:ip\nadd SRC{i} 10.200.0.2\ncreate DST{i} hash:ip\n");
            rules.Append($":KUBE-NWPLCY-{i} - [0:0]\n");
        }

        for (var i = 0; i < pods; i++)
        {
            sets.Append($"add DST{i % Policies} {AddressOf(i)}\n");
            rules.Append($":KUBE-POD-FW-{i} - [0:0]\n");
        }

        rules.Append("-I FORWARD 1 -j KUBE-ROUTER-FORWARD\n");
        for (var i = 0; i < Policies; i++)
            rules
                .Append($"-A KUBE-NWPLCY-{i} -m set --match-set SRC{i} src -m set --match-set DST{i} dst ")
                .Append("-j MARK --set-xmark 0x10000/0x10000\n")
                .Append($"-A KUBE-NWPLCY-{i} -m set --match-set SRC{i} src -m set --match-set DST{i} dst ")
                .Append("-m mark --mark 0x10000/0x10000 -j RETURN\n");
        for (var i = 0; i < pods; i++)
            rules
                .Append($"-A KUBE-ROUTER-FORWARD -d {AddressOf(i)} -j KUBE-POD-FW-{i}\n")
                .Append($"-A KUBE-ROUTER-FORWARD -s {AddressOf(i)} -j KUBE-POD-FW-{i}\n")
                .Append($"-A KUBE-POD-FW-{i} -m conntrack --ctstate INVALID -j DROP\n")
                .Append($"-A KUBE-POD-FW-{i} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n")
                .Append($"-A KUBE-POD-FW-{i} -d {AddressOf(i)} -m addrtype --src-type LOCAL -j ACCEPT\n")
                .Append($"-A KUBE-POD-FW-{i} -d {AddressOf(i)} -j KUBE-NWPLCY-{i % Policies}\n")
                .Append($"-A KUBE-POD-FW-{i} -m mark ! --mark 0x10000/0x10000 -j REJECT\n")
                .Append($"-A KUBE-POD-FW-{i} -j MARK --set-mark 0x0/0x10000\n")
                .Append($"-A KUBE-POD-FW-{i} -j MARK --set-mark 0x20000/0x20000\n");
        rules.Append("-A KUBE-ROUTER-FORWARD -m mark --mark 0x20000/0x20000 -j ACCEPT\nCOMMIT\n");
        var load = Time(() =>
        {
            Tool("ipset", sets.ToString(), "restore");
            Tool("iptables-restore", rules.ToString(), "-w");
        });
        var packet = FirstPacket(socket, pods);
        Tool("iptables-restore", "*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n", "-w");
        Tool("ipset", "", "destroy");
        return (load, packet);
    }

    private (double Load, double Packet) WithList(Socket socket, int pods)
    {
        var text = new StringBuilder("table ip bench {\n");
        for (var i = 0; i < Policies; i++)
            text.Append($"set src{i} {{ type ipv4_addr; elements = {{ 10.200.0.2 }}; }}\n")
                .Append($"chain policy{i} {{ ip saddr @src{i} meta mark set meta mark or 0x10000; }}\n");
        for (var i = 0; i < pods; i++)
            text.Append($"chain pod{i} {{ ct state invalid drop; ct state established,related accept; ")
                .Append($"ip daddr {AddressOf(i)} jump policy{i % Policies}; meta mark and 0x10000 != 0x10000 reject; ")
                .Append("meta mark set 0x20000; }\n");
        text.Append("chain forward { type filter hook forward priority 0;\n");
        for (var i = 0; i < pods; i++)
            text.Append($"ip daddr {AddressOf(i)} jump pod{i}; ip saddr {AddressOf(i)} jump pod{i};\n");
        text.Append("meta mark and 0x20000 == 0x20000 accept\n}\n}\n");
        var load = Time(() => Nft(text.ToString()));
        var packet = FirstPacket(socket, pods);
        Nft("delete table ip bench");
        return (load, packet);
    }

    // The executable, as it runs on a node.
    private bool Memory()
    {
        Write(1000, 0);
        string[] arguments =
        [
            "run",
            "--source=none",
            "--node-name=n1",
            "--network-policy=files",
            $"--policy-dir={directory}",
            "--healthz-port=0",
        ];
        using var process = Running.Start(Path.Combine(options.Ours, "coordinator"), arguments);
        try
        {
            Running.Until(
                static () => BenchMachine.Tool("/usr/sbin/nft", "list", "tables").Contains("plugboard_policy", StringComparison.Ordinal),
                TimeSpan.FromSeconds(30),
                "the table is there"
            );
            return Report.Limit("coordinator: resident memory with 1000 pods", Running.Memory(process.Id), "MB", 40);
        }
        finally
        {
            process.Kill();
            process.WaitForExit();
        }
    }

    private static void Nft(string text) => Tool("nft", text, "-f", "-");

    private static void Tool(string name, string input, params string[] arguments)
    {
        var result = new Command("/usr/sbin/" + name)
        {
            Arguments = arguments,
            Input = Encoding.UTF8.GetBytes(input),
            Environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
        }.Run();
        if (!result.Succeeded)
            throw new InvalidOperationException($"{name} {string.Join(' ', arguments)}: {result.ErrorText}");
    }

    private static double Time(Action work)
    {
        var start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
