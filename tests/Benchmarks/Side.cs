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
    private readonly NetworkNamespace node;
    private readonly string dataDirectory;

    private Side(BenchMachine machine, string plugins, NetworkNamespace node)
    {
        this.machine = machine;
        this.plugins = plugins;
        this.node = node;
        dataDirectory = machine.AddDirectory();
    }

    /// <summary>A side on a fresh node.</summary>
    public static Side Create(BenchMachine machine, string plugins) => new(machine, plugins, machine.Open(machine.AddNamespace("node")));

    /// <summary>A fresh pod.</summary>
    public Pod AddPod() => new(machine.AddNamespace("pod"));

    /// <summary>Calls the bridge plugin and returns the milliseconds that it took; ADD keeps its result in the pod.</summary>
    public double Call(string verb, Pod pod, params string[] prefix)
    {
        var command = CommandFor(verb, pod, prefix);
        using var entered = node.Enter();
        return Timed(command, pod, verb);
    }

    /// <summary>As <see cref="Call"/>, from a thread that stays in the node's namespace.</summary>
    public double CallOnThread(string verb, Pod pod) => NamespaceThread.Run(node, () => Timed(CommandFor(verb, pod, []), pod, verb));

    /// <summary>The peak memory of one call in KiB, as time(1) reports it.</summary>
    public int PeakMemory(string verb, Pod pod)
    {
        var command = CommandFor(verb, pod, ["/usr/bin/time", "-f", "%M"]);
        using var entered = node.Enter();
        var result = Run(command, pod, verb);
        return int.Parse(Encoding.UTF8.GetString(result.Error).Trim().Split('\n')[^1], CultureInfo.InvariantCulture);
    }

    private static double Timed(Command command, Pod pod, string verb)
    {
        var start = Stopwatch.GetTimestamp();
        Run(command, pod, verb, out var end);
        return Stopwatch.GetElapsedTime(start, end).TotalMilliseconds;
    }

    private static CommandResult Run(Command command, Pod pod, string verb) => Run(command, pod, verb, out _);

    private static CommandResult Run(Command command, Pod pod, string verb, out long end)
    {
        var result = command.Run();
        end = Stopwatch.GetTimestamp();
        if (!result.Succeeded)
            throw new InvalidOperationException($"{command.Path} {verb} {pod.Name}: {Encoding.UTF8.GetString(result.Output)}");
        if (verb == "ADD")
            pod.Result = JsonNode.Parse(result.Output);
        return result;
    }

    private Command CommandFor(string verb, Pod pod, string[] prefix)
    {
        string[] words = [.. prefix, plugins + "/bridge"];
        return new Command(words[0])
        {
            Arguments = words[1..],
            Environment =
            [
                "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "CNI_COMMAND=" + verb, "CNI_CONTAINERID=" + pod.Name,
                "CNI_NETNS=/run/netns/" + pod.Name, "CNI_IFNAME=eth0", "CNI_PATH=" + plugins,
            ],
            Input = Encoding.UTF8.GetBytes(ConfigFor(pod).ToJsonString(JsonSerializerOptions.Default)),
        };
    }

    private JsonObject ConfigFor(Pod pod)
    {
        var config = new JsonObject
        {
            ["cniVersion"] = "1.0.0",
            ["name"] = "bench",
            ["type"] = "bridge",
            ["bridge"] = "cnib0",
            ["isGateway"] = true,
            ["hairpinMode"] = true,
            ["ipam"] = new JsonObject
            {
                ["type"] = "host-local",
                ["dataDir"] = dataDirectory,
                ["ranges"] = new JsonArray(new JsonArray(new JsonObject { ["subnet"] = "10.88.0.0/16" })),
                ["routes"] = new JsonArray(new JsonObject { ["dst"] = "0.0.0.0/0" }),
            },
        };
        if (pod.Result is not null)
            config["prevResult"] = pod.Result.DeepClone();
        return config;
    }

    /// <inheritdoc/>
    public void Dispose() => node.Dispose();
}
