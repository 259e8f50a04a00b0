using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Plugboard.Linux;
using Plugboard.Linux.Namespaces;

namespace Plugboard.Benchmarks;

/// <summary>One side: a directory of plugins, with a node of its own to work on.</summary>
internal sealed class Side : IDisposable
{
    private readonly BenchMachine machine;
    private readonly string plugins;
    private readonly Func<string, Pod, IReadOnlyList<JsonObject>> chain;
    private readonly NetworkNamespace node;
    private readonly string dataDirectory;
    private int pods;

    private Side(BenchMachine machine, string plugins, Func<string, Pod, IReadOnlyList<JsonObject>> chain, NetworkNamespace node)
    {
        this.machine = machine;
        this.plugins = plugins;
        this.chain = chain;
        this.node = node;
        dataDirectory = machine.AddDirectory();
    }

    /// <summary>A side on a fresh node.</summary>
    public static Side Create(BenchMachine machine, string plugins, BenchNetwork network) =>
        Create(machine, plugins, machine.AddNamespace("node"), network.Plugins);

    /// <summary>A side on a node.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="plugins">The directory of executables.</param>
    /// <param name="node">The name of the node's namespace.</param>
    /// <param name="chain">The plugins' configs for a data directory and a pod, in the order of ADD, without prevResult.</param>
    public static Side Create(BenchMachine machine, string plugins, string node, Func<string, Pod, IReadOnlyList<JsonObject>> chain) =>
        new(machine, plugins, chain, machine.Open(node));

    /// <summary>A fresh pod.</summary>
    public Pod AddPod() => new(machine.AddNamespace("pod"), pods++);

    /// <summary>
    /// Calls the network's plugins and returns the milliseconds that they took together; ADD keeps its result in the pod.
    /// </summary>
    /// <param name="verb">The verb.</param>
    /// <param name="pod">The pod.</param>
    /// <param name="only">The plugin whose time counts; empty: all.</param>
    public double Call(string verb, Pod pod, string only = "")
    {
        var sum = 0.0;
        using var entered = node.Enter();
        foreach (var config in Calls(verb, pod))
        {
            var milliseconds = Timed(CommandFor(verb, pod, config), pod, verb);
            if (only.Length == 0 || only == (string)config["type"]!)
                sum += milliseconds;
        }

        return sum;
    }

    /// <summary>As <see cref="Call"/>, from a thread that stays in the node's namespace.</summary>
    public void CallOnThread(string verb, Pod pod) =>
        NamespaceThread.Run(
            node,
            () =>
            {
                foreach (var config in Calls(verb, pod))
                    Run(CommandFor(verb, pod, config), pod, verb, out _);
                return true;
            }
        );

    /// <summary>The peak memory of one call of the first plugin in KiB, as time(1) reports it.</summary>
    public int PeakMemory(string verb, Pod pod)
    {
        var command = CommandFor(verb, pod, chain(dataDirectory, pod)[0], "/usr/bin/time", "-f", "%M");
        using var entered = node.Enter();
        var result = Run(command, pod, verb, out _);
        return int.Parse(Encoding.UTF8.GetString(result.Error).Trim().Split('\n')[^1], CultureInfo.InvariantCulture);
    }

    // As the CNI library does: DEL goes the other way.
    private IEnumerable<JsonObject> Calls(string verb, Pod pod) =>
        verb == "DEL" ? chain(dataDirectory, pod).Reverse() : chain(dataDirectory, pod);

    private static double Timed(Command command, Pod pod, string verb)
    {
        var start = Stopwatch.GetTimestamp();
        Run(command, pod, verb, out var end);
        return Stopwatch.GetElapsedTime(start, end).TotalMilliseconds;
    }

    private static CommandResult Run(Command command, Pod pod, string verb, out long end)
    {
        var result = command.Run();
        end = Stopwatch.GetTimestamp();
        // The reference's portmap looks for the rules of IPv4 pods in the IPv6 table too, finds none and says so: what it takes is measured
        // all the same.
        if (!result.Succeeded && verb != "CHECK")
            throw new InvalidOperationException($"{command.Path} {verb} {pod.Name}: {Encoding.UTF8.GetString(result.Output)}");
        if (verb == "ADD")
            pod.Result = JsonNode.Parse(result.Output);
        return result;
    }

    private Command CommandFor(string verb, Pod pod, JsonObject config, params string[] prefix)
    {
        if (pod.Result is not null)
            config["prevResult"] = pod.Result.DeepClone();
        string[] words = [.. prefix, plugins + "/" + (string)config["type"]!];
        return new Command(words[0])
        {
            Arguments = words[1..],
            Environment =
            [
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                "CNI_COMMAND=" + verb,
                "CNI_CONTAINERID=" + pod.Name,
                "CNI_NETNS=/run/netns/" + pod.Name,
                "CNI_IFNAME=eth0",
                "CNI_PATH=" + plugins,
            ],
            Input = Encoding.UTF8.GetBytes(config.ToJsonString(JsonSerializerOptions.Default)),
        };
    }

    /// <inheritdoc/>
    public void Dispose() => node.Dispose();
}
