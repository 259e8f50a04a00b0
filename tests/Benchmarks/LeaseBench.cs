#pragma warning disable RS0030 // A process that goes on while it is measured.
using System.Diagnostics;
using Plugboard.Netlink.Route;

namespace Plugboard.Benchmarks;

/// <summary>
/// The coordinator beside a real etcd: what one new lease costs with few and with many leases present, from the request to etcd to the
/// kernel's notification of the route, and how much of it another client of etcd waits as well; the processor time of many new leases one
/// after the other; the memory.
/// </summary>
internal sealed class LeaseBench(string executable, string directory)
{
    private const int Some = 100;
    private const int Many = 5000;
    private const int Rounds = 40;
    private const int InARow = 300;
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(60);

    /// <summary>Runs all rows in the calling thread's network namespace, which <see cref="CoordinatorBench"/> prepared.</summary>
    public bool Run()
    {
        var few = Measure(Some);
        var many = Measure(Many);
        var reached = Report.Limit(
            $"coordinator: one new lease of {Some} in etcd, to the kernel",
            few.OneLease,
            "ms",
            double.PositiveInfinity
        );
        reached &= Report.Limit($"coordinator: one new lease of {Many} in etcd, to the kernel", many.OneLease, "ms", 2);
        reached &= Report.Limit("  etcd's part: until a client that only watches has it", many.Etcd, "ms", double.PositiveInfinity);
        reached &= Report.Limit("  the rest, the coordinator's and the kernel's", many.Own, "ms", double.PositiveInfinity);
        reached &= Report.Limit($"coordinator: one new lease of {Many}, by one of {Some}", many.OneLease / few.OneLease, "", 1.5);
        reached &= Report.Limit($"coordinator: processor of {InARow} new leases with {Some}", few.Processor, "ms", double.PositiveInfinity);
        reached &= Report.Limit($"coordinator: processor of {InARow} new leases with {Many}", many.Processor, "ms", 500);
        reached &= Report.Limit($"coordinator: resident memory with {Some} leases", few.Memory, "MB", double.PositiveInfinity);
        return Report.Limit($"coordinator: resident memory with {Many} leases", many.Memory, "MB", 35) && reached;
    }

    private (double OneLease, double Etcd, double Own, double Processor, double Memory) Measure(int count)
    {
        using var etcd = new LeaseRegistryServer();
        etcd.Add(1, count);
        using var client = RouteClient.Open();
        using var process = Start();
        try
        {
            Running.Until(() => Running.Routes(client) == count, patience, $"{count} routes");
            // The first notifications of its own are over.
            Thread.CurrentThread.Join(2000);
            var memory = Running.Memory(process.Id);
            var next = count + 1;
            var link = client.Links.Get("flannel.1").Index;
            List<(double All, double Etcd)> times;
            using (var watch = LeaseRegistryServer.Watch())
                times = [.. Enumerable.Range(0, Rounds).Select(_ => TimeOne(() => etcd.Add(next++, 1), link, watch))];
            var before = Running.ProcessorTime(process.Id);
            for (var i = 0; i < InARow; i++)
            {
                etcd.Add(next++, 1);
                // Each joins by itself: as many nodes start in a cluster that grows.
                Thread.CurrentThread.Join(10);
            }

            Running.Until(() => Running.Routes(client) == next - 1, patience, $"{next - 1} routes");
            return (
                Report.Median(times.Select(static time => time.All)),
                Report.Median(times.Select(static time => time.Etcd)),
                Report.Median(times.Select(static time => time.All - time.Etcd)),
                Running.ProcessorTime(process.Id) - before,
                Math.Max(memory, Running.Memory(process.Id))
            );
        }
        finally
        {
            process.Kill();
            process.WaitForExit();
            client.Links.Delete("flannel.1");
        }
    }

    private static (double All, double Etcd) TimeOne(Action change, int link, LeaseWatch watch)
    {
        // The pause after the last round is over.
        Thread.CurrentThread.Join(150);
        using var changes = RouteChanges.Open(RouteMonitorGroups.IPv4Route);
        var began = Stopwatch.GetTimestamp();
        change();
        while (true)
        {
            var notifications = changes.Receive(patience);
            if (notifications.Lost || notifications.Items.Any(item => item.Route is { } route && route.OutInterface == link))
                return (Stopwatch.GetElapsedTime(began).TotalMilliseconds, watch.Since(began, patience));
        }
    }

    private Process Start() =>
        Running.Start(
            executable,
            [
                "run",
                "--source",
                "etcd",
                "--net-config-path",
                "",
                "--iface",
                "eth0",
                "--ip-masq",
                "--subnet-file",
                Path.Combine(directory, "lease-subnet.env"),
                "--state-dir",
                Path.Combine(directory, "lease-state"),
            ]
        );
}
