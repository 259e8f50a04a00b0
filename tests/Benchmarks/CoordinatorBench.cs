#pragma warning disable RS0030 // A process that goes on while it is measured.
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Plugboard.Linux;
using Plugboard.Netlink.Route;

namespace Plugboard.Benchmarks;

/// <summary>
/// The coordinator with a file of many nodes: how long the first sync takes, how soon a changed node is in the kernel, what it costs while
/// nothing happens.
/// </summary>
internal sealed class CoordinatorBench(string executable, string directory)
{
    private const int Many = 5000;
    private const int Some = 100;
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan idleTime = TimeSpan.FromSeconds(60);

    private readonly string peers = Path.Combine(directory, "peers.json");

    /// <summary>Runs all rows in the calling thread's network namespace; false where one is not reached.</summary>
    public bool Run()
    {
        MakeLinks();
        using var client = RouteClient.Open();
        var reached = Measure(client, Some, 40, isFull: false);
        reached &= Measure(client, Many, 60, isFull: true);
        reached &= MeasureOne(client);
        return new LeaseBench(executable, directory).Run() && reached;
    }

    /// <summary>Runs only the rows with leases in etcd.</summary>
    public bool RunLeases()
    {
        MakeLinks();
        return new LeaseBench(executable, directory).Run();
    }

    private static void MakeLinks()
    {
        foreach (
            var line in (string[])
                [
                    "link set lo up",
                    "link add eth0 type veth peer name other",
                    "link set other up",
                    "address add 172.16.0.1/12 dev eth0",
                    "link set eth0 up",
                ]
        )
            new Command("/usr/sbin/ip") { Arguments = line.Split(' ') }.Run();
    }

    // From the source's word to the kernel, without what the source itself takes; compiled while it runs, so the first few do not count.
    private static bool MeasureOne(RouteClient client)
    {
        using var engine = new EngineInProcess(Many);
        engine.WaitUntilReady(patience);
        var link = client.Links.Get("flannel.1").Index;
        var times = Enumerable.Range(1, 40).Select(round => TimeEvent(link, () => engine.Move(2, round))).Skip(20).ToList();
        return Report.Limit($"coordinator: a changed peer of {Many}, from the source's word to the kernel", Report.Median(times), "ms", 20);
    }

    private static double TimeEvent(int link, Action change)
    {
        // Changes that come one by one: the pause after the last round is over.
        Thread.CurrentThread.Join(200);
        using var changes = RouteChanges.Open(RouteMonitorGroups.Neighbour);
        var began = Stopwatch.GetTimestamp();
        change();
        while (true)
        {
            var notifications = changes.Receive(patience);
            if (notifications.Lost || notifications.Items.Any(item => item.Fdb is { } entry && entry.LinkIndex == link))
                return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }
    }

    private bool Measure(RouteClient client, int count, double mostMemory, bool isFull)
    {
        Write(count, changed: 0);
        var watch = Stopwatch.StartNew();
        using var process = Start();
        try
        {
            Running.Until(() => Running.Routes(client) == count - 1, patience, $"{count - 1} routes");
            var first = watch.Elapsed.TotalMilliseconds;
            var reached = !isFull || Report.Limit($"coordinator: start to {count - 1} peers in the kernel", first, "ms", 2000);
            if (isFull)
                reached &= Report.Limit(
                    "coordinator: a changed peer, from the file's rename to the kernel",
                    Report.Median(Enumerable.Range(1, 7).Select(round => TimeChange(client, count, round))),
                    "ms",
                    double.PositiveInfinity
                );
            var before = Running.ProcessorTime(process.Id);
            var began = Stopwatch.GetTimestamp();
            Thread.CurrentThread.Join(isFull ? idleTime : TimeSpan.FromSeconds(5));
            var share = (Running.ProcessorTime(process.Id) - before) / Stopwatch.GetElapsedTime(began).TotalMilliseconds * 100;
            if (isFull)
                reached &= Report.Limit("coordinator: processor while nothing happens, an audit included", share, "%", 0.1);
            return Report.Limit($"coordinator: resident memory with {count} peers", Running.Memory(process.Id), "MB", mostMemory)
                && reached;
        }
        finally
        {
            process.Kill();
            process.WaitForExit();
            client.Links.Delete("flannel.1");
        }
    }

    // The one change: peer 2 has another address.
    private double TimeChange(RouteClient client, int count, int round) =>
        TimeEvent(client.Links.Get("flannel.1").Index, () => Write(count, round));

    private Process Start() =>
        Running.Start(
            executable,
            [
                "run",
                "--node-name",
                "n1",
                "--peers-file",
                peers,
                "--net-config-path",
                "",
                "--iface",
                "eth0",
                "--subnet-file",
                Path.Combine(directory, "subnet.env"),
                "--state-dir",
                Path.Combine(directory, "state"),
            ]
        );

    private void Write(int count, int changed)
    {
        var text = new StringBuilder("{\"network\":{\"Network\":\"10.0.0.0/8\",\"Backend\":{\"Type\":\"vxlan\"}},\"nodes\":[");
        for (var i = 1; i <= count; i++)
        {
            var last = i == 2 ? 200 + changed : i % 200 + 1;
            text.Append(
                CultureInfo.InvariantCulture,
                $"{(i == 1 ? "" : ",\n")}{{\"name\":\"n{i}\",\"podCIDRs\":[\"10.{i / 250}.{i % 250}.0/24\"],"
                    + $"\"addresses\":[\"172.{16 + i / 40000}.{i / 200}.{last}\"]}}"
            );
        }

        File.WriteAllText(peers + ".new", text.Append("]}").ToString());
        File.Move(peers + ".new", peers, overwrite: true);
    }
}
