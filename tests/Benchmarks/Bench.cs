using System.Diagnostics;
using Plugboard.Linux;

namespace Plugboard.Benchmarks;

/// <summary>The rows of one network: what the product promises, measured against the reference in the same run.</summary>
internal sealed class Bench(BenchOptions options, BenchMachine machine, BenchNetwork network)
{
    private const int GrowthRuns = 20;

    // In turns of a block each: what the kernel puts off for one side's new pods (neighbour discovery on every port) must not fall into the
    // other's time.
    private const int BlockRuns = 10;

    /// <summary>Runs all rows; false where one is not reached.</summary>
    public bool Run()
    {
        Report.Line($"{network.Name, -47} {"ours", 9}     {"reference", 9}     {"ratio", 6}   goal");
        var reached = Verbs();
        reached &= AtOnce();
        if (!network.HasPorts)
            reached &= Memory();
        // Last: hundreds of namespaces keep the kernel busy long after they are removed.
        reached &= Growth();
        return reached;
    }

    // All ADDs, then all CHECKs, then all DELs: what the kernel puts off, of a DEL or of a new namespace, must not fall into an ADD.
    private bool Verbs()
    {
        using var ours = Side.Create(machine, options.Ours, network);
        using var reference = Side.Create(machine, options.Reference, network);
        var pods = new (Pod Ours, Pod Reference)[network.Runs];
        for (var i = 0; i < pods.Length; i++)
            pods[i] = (ours.AddPod(), reference.AddPod());
        BenchMachine.Settle();
        var reached = true;
        foreach (var (verb, limit) in network.Verbs)
        {
            var times = new (double Ours, double Reference)[pods.Length];
            for (var block = 0; block < pods.Length; block += BlockRuns)
            {
                var runs = Enumerable.Range(block, Math.Min(BlockRuns, pods.Length - block)).ToArray();
                foreach (var i in runs)
                    times[i].Ours = ours.Call(verb, pods[i].Ours);
                BenchMachine.Settle();
                foreach (var i in runs)
                    times[i].Reference = reference.Call(verb, pods[i].Reference);
                BenchMachine.Settle();
            }

            reached &= Report.Row(
                verb,
                Report.Median(times.Select(static time => time.Ours)),
                Report.Median(times.Select(static time => time.Reference)),
                "ms",
                Report.Median(times.Select(static time => time.Ours / time.Reference)),
                limit
            );
        }

        return reached;
    }

    private bool Growth()
    {
        var (beside, alone, ratio) = GrowthOf(options.Ours);
        var (referenceBeside, referenceAlone, referenceRatio) = GrowthOf(options.Reference);
        var reached = Report.Row($"ADD with {network.Present} pods present, and with none: ours", beside, alone, "ms", ratio, 1.10);
        Report.Note("  the same: the reference", referenceBeside, referenceAlone, referenceRatio);
        return reached;
    }

    // An ADD beside many pods against an ADD beside none, turn and turn about. No DEL in between: what the kernel puts off would fall into
    // the next ADD.
    private (double Beside, double Alone, double Ratio) GrowthOf(string plugins)
    {
        using var full = Side.Create(machine, plugins, network);
        using var empty = Side.Create(machine, plugins, network);
        for (var i = 0; i < network.Present; i++)
            full.Call("ADD", full.AddPod());
        empty.Call("ADD", empty.AddPod());
        (Pod Beside, Pod Alone)[] pods = [.. Enumerable.Range(0, GrowthRuns).Select(_ => (full.AddPod(), empty.AddPod()))];
        BenchMachine.Settle();
        var times = new List<(double Full, double Empty)>();
        foreach (var (beside, alone) in pods)
            times.Add((full.Call("ADD", beside), empty.Call("ADD", alone)));
        machine.RemoveNamespaces();
        return (
            Report.Median(times.Select(static time => time.Full)),
            Report.Median(times.Select(static time => time.Empty)),
            Report.Median(times.Select(static time => time.Full / time.Empty))
        );
    }

    private bool AtOnce()
    {
        var (ours, oursDistinct) = AddAtOnce(options.Ours);
        var (reference, referenceDistinct) = AddAtOnce(options.Reference);
        Report.Line($"  {network.Parallel} ADDs at once: {oursDistinct} different addresses (ours), {referenceDistinct} (reference)");
        return Report.Row(
                $"{network.Parallel} ADDs at once on a new bridge",
                ours,
                reference,
                "ms",
                ours / reference,
                network.ParallelLimit
            )
            && oursDistinct == network.Parallel;
    }

    private (double Milliseconds, int Distinct) AddAtOnce(string plugins)
    {
        using var side = Side.Create(machine, plugins, network);
        Pod[] pods = [.. Enumerable.Range(0, network.Parallel).Select(_ => side.AddPod())];
        using var start = new ManualResetEventSlim();
        var failures = new Failures();
        Thread[] threads =
        [
            .. pods.Select(pod => new Thread(() =>
            {
                start.Wait();
                failures.Try(() => side.CallOnThread("ADD", pod));
            })),
        ];
        foreach (var thread in threads)
            thread.Start();
        var begin = Stopwatch.GetTimestamp();
        start.Set();
        foreach (var thread in threads)
            thread.Join();
        var milliseconds = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        failures.ThrowIfAny();
        return (milliseconds, pods.Select(static pod => pod.Address).Distinct(StringComparer.Ordinal).Count());
    }

    private bool Memory()
    {
        using var ours = Side.Create(machine, options.Ours, network);
        using var reference = Side.Create(machine, options.Reference, network);
        var (first, second) = (ours.PeakMemory("ADD", ours.AddPod()), reference.PeakMemory("ADD", reference.AddPod()));
        return Report.Row("peak memory of ADD", first / 1024.0, second / 1024.0, "MiB", (double)first / second, 1.0);
    }
}
