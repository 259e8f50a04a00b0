using System.Diagnostics;
using System.Text;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Masquerade;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Linux;

namespace Plugboard.Benchmarks;

/// <summary>
/// A masquerade sync with 64 networks beside ip-masq-agent's own way: for each family a chain that is made, a jump that is looked for, and
/// one iptables-restore, whatever is there already.
/// </summary>
internal sealed class MasqueradeBench(BenchOptions options, string directory)
{
    private const double Limit = 0.10;
    private const int Networks = 64;
    private const string Comment = "-m comment --comment \"ip-masq-agent: local traffic is not subject to MASQUERADE\"";
    private const string Chain = "BENCH-MASQ";

    private readonly string path = Path.Combine(directory, "ip-masq-agent");
    private readonly ClusterView view = new()
    {
        Network = new NetConf(),
        Self = new LocalNode { Name = "bench" },
        IsComplete = true,
    };

    /// <summary>Runs all rows; false where one is not reached.</summary>
    public bool Run()
    {
        Report.Line($"{"Masquerade, 64 networks: ours, the agent's way", -47} {"ours", 9}     {"agent", 9}     {"ratio", 6}   goal");
        var flags = new MasqueradeOptions { EnableIPv6 = true };
        using var file = new MasqueradeConfigFile(path, flags, TimeProvider.System);
        using var reconciler = new MasqueradeReconciler(flags, file);
        var reached = Row("sync where nothing changed", 0, reconciler, () => Expect(reconciler, SyncCause.Audit, changes: false));
        reached &= Row("sync of one changed network", 1, reconciler, () => Expect(reconciler, SyncCause.Source, changes: true));
        reached &= Row(
            "sync of a table that was deleted",
            0,
            reconciler,
            () => Expect(reconciler, SyncCause.Kernel, changes: true),
            static reconciler => reconciler.Remove(isDryRun: false)
        );
        reconciler.Remove(isDryRun: false);
        return reached;
    }

    private bool Row(string what, int step, MasqueradeReconciler reconciler, Action sync, Action<MasqueradeReconciler>? before = null)
    {
        Write(0);
        reconciler.Sync(view, SyncCause.Start);
        AgentSync();
        var times = new (double Ours, double Agent)[options.Runs];
        for (var i = 0; i < times.Length; i++)
        {
            Write((i + 1) * step);
            before?.Invoke(reconciler);
            times[i] = (Time(sync), Time(AgentSync));
        }

        return Report.Row(
            what,
            Report.Median(times.Select(static time => time.Ours)),
            Report.Median(times.Select(static time => time.Agent)),
            "ms",
            Report.Median(times.Select(static time => time.Ours / time.Agent)),
            Limit
        );
    }

    private void Expect(MasqueradeReconciler reconciler, SyncCause cause, bool changes)
    {
        var outcome = reconciler.Sync(view, cause);
        if (outcome.Problems.Count > 0 || outcome.Changes.Count > 0 != changes)
            throw new InvalidOperationException($"{outcome.Changes.Count} changes: {string.Join("; ", outcome.Problems)}");
    }

    private static IEnumerable<string> Cidrs(int round, bool is6) =>
        Enumerable
            .Range(0, Networks / 2)
            .Select(i => i == 0 ? round % 256 : i)
            .Select(
                (number, i) =>
                    is6 ? FormattableString.Invariant($"fd00:{i}:{number}::/48") : FormattableString.Invariant($"10.{i}.{number}.0/24")
            );

    private void Write(int round) =>
        File.WriteAllText(
            path,
            "nonMasqueradeCIDRs: "
                + $"[{string.Join(", ", Cidrs(round, is6: false).Concat(Cidrs(round, is6: true)).Select(cidr => $"'{cidr}'"))}]"
        );

    private static void AgentSync()
    {
        AgentSync("iptables", is6: false);
        AgentSync("ip6tables", is6: true);
    }

    private static void AgentSync(string tool, bool is6)
    {
        string[] jump =
        [
            "POSTROUTING",
            "-t",
            "nat",
            "-m",
            "comment",
            "--comment",
            "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic",
            "-m",
            "addrtype",
            "!",
            "--dst-type",
            "LOCAL",
            "-j",
            Chain,
        ];
        // Exit status 1: the chain is there.
        Tool(tool, "", "-w", "-N", Chain, "-t", "nat");
        if (Tool(tool, "", ["-w", "-C", .. jump]) != 0)
            Tool(tool, "", ["-w", "-A", .. jump]);
        var text = new StringBuilder($"*nat\n:{Chain} - [0:0]\n");
        foreach (var cidr in Cidrs(0, is6).Prepend(is6 ? "fe80::/10" : "169.254.0.0/16"))
            text.Append($"-A {Chain} {Comment} -d {cidr} -j RETURN\n");
        text.Append($"-A {Chain} -j MASQUERADE --random-fully\nCOMMIT\n");
        if (Tool(tool + "-restore", text.ToString(), "-w", "--noflush") != 0)
            throw new InvalidOperationException($"{tool}-restore failed");
    }

    private static int? Tool(string name, string input, params string[] arguments) =>
        new Command("/usr/sbin/" + name)
        {
            Arguments = arguments,
            Input = Encoding.UTF8.GetBytes(input),
            Environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
        }
            .Run()
            .ExitCode;

    private static double Time(Action work)
    {
        var start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
