using System.Text.Json.Nodes;

namespace Plugboard.Benchmarks;

/// <summary>A network whose calls are measured, and the ratios to the reference that are promised for it.</summary>
internal sealed record BenchNetwork(string Name)
{
    /// <summary>The promised ratio of each verb.</summary>
    public required IReadOnlyList<(string Verb, double Limit)> Verbs { get; init; }

    /// <summary>How many pods are added, checked and deleted on each side.</summary>
    public required int Runs { get; init; }

    /// <summary>How many pods are there already where growth is measured.</summary>
    public required int Present { get; init; }

    /// <summary>How many ADDs start at once.</summary>
    public required int Parallel { get; init; }

    /// <summary>The promised ratio of as many at once.</summary>
    public required double ParallelLimit { get; init; }

    /// <summary>True where every pod masquerades and publishes two ports.</summary>
    public bool HasPorts { get; init; }

    /// <summary>Pods on a bridge with addresses.</summary>
    public static BenchNetwork Basic(BenchOptions options) =>
        new("bridge + host-local")
        {
            Verbs = [("ADD", 0.25), ("CHECK", 0.33), ("DEL", 0.80)],
            Runs = options.Runs,
            Present = options.Present,
            Parallel = options.Parallel,
            ParallelLimit = 0.35,
        };

    /// <summary>The same with masquerading and two published ports each: what most nodes run.</summary>
    public static BenchNetwork Full(BenchOptions options) =>
        new("bridge (ipMasq) + host-local + portmap, 2 ports")
        {
            Verbs = [("ADD", 0.10), ("CHECK", 0.20), ("DEL", 0.18)],
            Runs = Math.Min(options.Runs, 20),
            Present = Math.Min(options.Present, 300),
            Parallel = Math.Min(options.Parallel, 30),
            ParallelLimit = 0.12,
            HasPorts = true,
        };

    /// <summary>The plugins' configs for a pod, in the order of ADD, without prevResult.</summary>
    /// <param name="dataDirectory">host-local's.</param>
    /// <param name="pod">The pod.</param>
    public IReadOnlyList<JsonObject> Plugins(string dataDirectory, Pod pod)
    {
        var bridge = new JsonObject
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
        if (!HasPorts)
            return [bridge];
        bridge["ipMasq"] = true;
        return [bridge, Portmap(pod.FirstPort)];
    }

    private static JsonObject Portmap(int firstPort) =>
        new()
        {
            ["cniVersion"] = "1.0.0",
            ["name"] = "bench",
            ["type"] = "portmap",
            ["snat"] = true,
            ["runtimeConfig"] = new JsonObject { ["portMappings"] = new JsonArray(Port(firstPort, 80), Port(firstPort + 1, 443)) },
        };

    private static JsonObject Port(int hostPort, int containerPort) =>
        new()
        {
            ["hostPort"] = hostPort,
            ["containerPort"] = containerPort,
            ["protocol"] = "tcp",
        };
}
