using System.Globalization;
using System.Text.Json.Nodes;
using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Harness;

/// <summary>
/// A node: namespaces of its own for network and mounts, a data directory, and pods. Everything is gone when it is disposed.
/// </summary>
internal sealed class CniNode : TestMachine
{
    private readonly List<CniPod> pods = [];
    private readonly string directory = System.IO.Directory.CreateTempSubdirectory("plugboard-test").FullName;

    public CniNode()
    {
        Tool("ip link set lo up");
    }

    /// <summary>The pods that live, in the order in which they were made.</summary>
    public IReadOnlyList<CniPod> Pods => pods;

    /// <summary>A directory for the test's own files.</summary>
    public string Directory => directory;

    /// <summary>host-local's <c>dataDir</c>.</summary>
    public string DataDirectory => System.IO.Path.Combine(directory, "networks");

    /// <summary>Environment variables that differ in all calls, <c>NAME=value</c> each.</summary>
    public string[] Variables { get; set; } = [];

    /// <summary>The executables that calls are made to; ours unless a test says otherwise.</summary>
    public string Plugins { get; set; } = PluginDirectory.Ours;

    /// <summary>The leases of a network: file names that are addresses, with their content.</summary>
    public IReadOnlyDictionary<string, string> Leases(string network = "test")
    {
        var path = System.IO.Path.Combine(DataDirectory, network);
        if (!System.IO.Directory.Exists(path))
            return new Dictionary<string, string>();
        return System
            .IO.Directory.GetFiles(path)
            .Where(static file =>
                char.IsAsciiHexDigit(System.IO.Path.GetFileName(file)[0]) && System.IO.Path.GetFileName(file) is not "lock"
            )
            .Where(static file => System.IO.Path.GetFileName(file).AsSpan().IndexOfAny('.', ':') >= 0)
            .ToDictionary(static file => System.IO.Path.GetFileName(file), File.ReadAllText, StringComparer.Ordinal);
    }

    /// <summary>A fresh pod.</summary>
    public CniPod AddPod(string? containerId = null, string ifName = "eth0")
    {
        var pod = new CniPod(containerId ?? "pod" + pods.Count.ToString(CultureInfo.InvariantCulture)) { IfName = ifName };
        pods.Add(pod);
        return pod;
    }

    /// <summary>Ends a pod without DEL: the kernel takes its namespace apart when it likes.</summary>
    public void EndPod(CniPod pod)
    {
        pods.Remove(pod);
        pod.Dispose();
        Eventually.Closed();
    }

    /// <summary>A bridge config with host-local and the usual keys; <paramref name="change"/> makes it what a test wants.</summary>
    public JsonObject BridgeConfig(Action<JsonObject>? change = null)
    {
        var config = new JsonObject
        {
            ["cniVersion"] = "1.0.0",
            ["name"] = "test",
            ["type"] = "bridge",
            ["bridge"] = "cni0",
            ["isGateway"] = true,
            ["ipam"] = new JsonObject
            {
                ["type"] = "host-local",
                ["dataDir"] = DataDirectory,
                ["ranges"] = new JsonArray(new JsonArray(new JsonObject { ["subnet"] = "10.1.0.0/16" })),
                ["routes"] = new JsonArray(new JsonObject { ["dst"] = "0.0.0.0/0" }),
            },
        };
        change?.Invoke(config);
        return config;
    }

    /// <summary>
    /// Calls the plugin that the config's type names, as a runtime does. ADD keeps its result in the pod; CHECK and DEL pass it on.
    /// </summary>
    /// <param name="verb">CNI_COMMAND.</param>
    /// <param name="pod">The pod; null for GC and STATUS.</param>
    /// <param name="config">The plugin's config, without prevResult.</param>
    /// <param name="variables">Environment variables that differ, <c>NAME=value</c>.</param>
    public CniOutput Call(string verb, CniPod? pod, JsonObject config, params string[] variables)
    {
        var output = CallRaw(verb, pod, (string)config["type"]!, InputOf(verb, pod, config), [], variables);
        if (verb == "ADD" && pod is not null && output.ExitCode == 0)
            pod.Result = output.Json;
        return output;
    }

    /// <summary>Calls a plugin with any input; <paramref name="prefix"/> is a command that runs it, such as strace.</summary>
    public CniOutput CallRaw(string verb, CniPod? pod, string plugin, string input, IReadOnlyList<string> prefix, params string[] variables)
    {
        string[] command = [.. prefix, System.IO.Path.Combine(Plugins, plugin)];
        var (exitCode, output, error) = TryTool(command, input, EnvironmentOf(verb, pod, variables));
        return new CniOutput(exitCode, output, error);
    }

    /// <summary>What a call gets on standard input: the config, with the pod's result where the verb wants one.</summary>
    public static string InputOf(string verb, CniPod? pod, JsonObject config)
    {
        var input = (JsonObject)config.DeepClone();
        if (pod?.Result is { } result && verb != "ADD" && !input.ContainsKey("prevResult"))
            input["prevResult"] = result.DeepClone();
        return input.ToJsonString();
    }

    /// <summary>The environment of a call, <c>NAME=value</c> each; <paramref name="variables"/> differ or are more.</summary>
    public IReadOnlyList<string> EnvironmentOf(string verb, CniPod? pod, params string[] variables)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin",
            ["CNI_COMMAND"] = verb,
            ["CNI_CONTAINERID"] = pod?.ContainerId ?? "",
            ["CNI_NETNS"] = pod?.Path ?? "",
            ["CNI_IFNAME"] = pod?.IfName ?? "",
            ["CNI_PATH"] = Plugins,
        };
        foreach (var variable in (string[])[.. Variables, .. variables])
            environment[variable.Split('=', 2)[0]] = variable.Split('=', 2)[1];
        return [.. environment.Select(static pair => $"{pair.Key}={pair.Value}")];
    }

    protected override void Dispose(bool disposing)
    {
        foreach (var pod in pods)
            pod.Dispose();
        base.Dispose(disposing);
        System.IO.Directory.Delete(directory, recursive: true);
    }
}
