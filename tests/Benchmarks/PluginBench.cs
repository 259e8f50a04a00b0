namespace Plugboard.Benchmarks;

/// <summary>ADD and DEL of each of the other plugins, beside the reference's in one run.</summary>
internal sealed class PluginBench(BenchOptions options, BenchMachine machine)
{
    private const int BlockRuns = 5;

    /// <summary>Measures all that both directories have; false where a ratio is not reached.</summary>
    public bool Run()
    {
        Report.Line($"{"each plugin's own time", -47} {"ours", 9}     {"reference", 9}     {"ratio", 6}   goal");
        var reached = true;
        foreach (var plugin in PluginCase.All)
        {
            if (!File.Exists($"{options.Reference}/{plugin.Type}"))
                Report.Line($"{plugin.Type}: the reference's directory has none");
            else
                reached &= Measure(plugin);
            machine.RemoveNamespaces();
        }

        return reached;
    }

    // A kernel without a kind of link refuses both sides.
    private bool Measure(PluginCase plugin)
    {
        using var ours = Create(options.Ours, plugin, out var oursNode);
        using var reference = Create(options.Reference, plugin, out var referenceNode);
        (Pod Ours, Pod Reference)[] pods = [.. Enumerable.Range(0, options.Runs).Select(_ => (ours.AddPod(), reference.AddPod()))];
        foreach (var pod in pods)
        {
            AddDevice(plugin, oursNode, pod.Ours);
            AddDevice(plugin, referenceNode, pod.Reference);
        }

        BenchMachine.Settle();
        try
        {
            return Row(plugin, "ADD", plugin.Add, ours, reference, pods) & Row(plugin, "DEL", plugin.Del, ours, reference, pods);
        }
        catch (InvalidOperationException e)
        {
            var reason =
                e.Message.Split('\n').FirstOrDefault(static line => line.Contains("\"msg\"", StringComparison.Ordinal)) ?? e.Message;
            Report.Line($"{plugin.Type}: not measured: {reason.Trim()}");
            return true;
        }
    }

    private Side Create(string plugins, PluginCase plugin, out string node)
    {
        node = machine.AddNamespace("node");
        BenchMachine.Tool("/sbin/ip", "-n", node, "link", "add", "wire", "type", "veth", "peer", "name", "far");
        BenchMachine.Tool("/sbin/ip", "-n", node, "link", "set", "far", "up");
        BenchMachine.Tool("/sbin/ip", "-n", node, "link", "set", "wire", "up");
        return Side.Create(machine, plugins, node, plugin.Chain);
    }

    private static void AddDevice(PluginCase plugin, string node, Pod pod)
    {
        if (plugin.Device.Length == 0)
            return;
        var words = plugin.Device.Replace("POD", pod.Number.ToString(), StringComparison.Ordinal).Split(' ');
        BenchMachine.Tool("/sbin/ip", ["-n", node, .. words]);
    }

    // In turns of a block each, as the networks.
    private static bool Row(PluginCase plugin, string verb, double limit, Side ours, Side reference, (Pod Ours, Pod Reference)[] pods)
    {
        var times = new List<(double Ours, double Reference)>();
        foreach (var block in pods.Chunk(BlockRuns))
        {
            var first = Array.ConvertAll(block, pod => ours.Call(verb, pod.Ours, plugin.Type));
            var second = Array.ConvertAll(block, pod => reference.Call(verb, pod.Reference, plugin.Type));
            times.AddRange(first.Zip(second));
        }

        return Report.Row(
            $"{plugin.Type} {verb}",
            Report.Median(times.Select(static time => time.Ours)),
            Report.Median(times.Select(static time => time.Reference)),
            "ms",
            Report.Median(times.Select(static time => time.Ours / time.Reference)),
            limit
        );
    }
}
