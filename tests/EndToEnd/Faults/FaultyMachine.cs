using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Plugboard.Linux;
using Plugboard.Netlink.Route;
using Plugboard.Testing.Ipam;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>A node with one pod whose calls go wrong and a next one whose calls must not.</summary>
internal sealed partial class FaultyMachine : IDisposable
{
    private readonly CniNode node = new();
    private readonly CniPod next;
    private readonly JsonObject config;
    private readonly HashSet<string> met = new(StringComparer.Ordinal);

    public FaultyMachine(bool dualStack)
        : this(node =>
            node.BridgeConfig(config =>
            {
                if (!dualStack)
                    return;
                config["ipam"]!["ranges"]!.AsArray().Add(new JsonArray(new JsonObject { ["subnet"] = "fd00:1::/64" }));
                config["ipam"]!["routes"]!.AsArray().Add(new JsonObject { ["dst"] = "::/0" });
            })
        ) { }

    /// <summary>With any plugin's config. What is in the node's data directory is part of its state.</summary>
    public FaultyMachine(Func<CniNode, JsonObject> makeConfig)
    {
        Pod = node.AddPod();
        next = node.AddPod();
        config = makeConfig(node);
    }

    /// <summary>The pod whose calls go wrong.</summary>
    public CniPod Pod { get; }

    /// <summary>True for what DEL leaves on purpose: the bridge, its address and route, and the node's forwarding.</summary>
    public static bool IsOfTheBridge(string fact) =>
        fact.StartsWith("node: link cni0 ", StringComparison.Ordinal)
        || fact.EndsWith(" on cni0", StringComparison.Ordinal)
        || fact.Contains(" on cni0 metric ", StringComparison.Ordinal)
        || fact.Contains("forward", StringComparison.Ordinal);

    public MachineState State() => MachineState.Of(node, Pod, next);

    public void Succeed(string verb)
    {
        if (verb != "GC")
        {
            node.CallBeside(verb, Pod, config).Succeeded();
            return;
        }

        var all = config.DeepClone().AsObject();
        (all["cniVersion"], all["cni.dev/valid-attachments"]) = ("1.1.0", new JsonArray());
        node.CallBeside(verb, null, all).Succeeded();
    }

    /// <summary>Lists the system calls of a verb, and undoes what it did.</summary>
    public IReadOnlyList<SystemCall> Record(string verb)
    {
        var calls = Strace.Record(node, verb, Pod, config);
        Succeed("DEL");
        return calls;
    }

    public CniOutput Inject(SystemCall call, string fault, string verb, bool fromThereOn = false) =>
        Fault.Inject(node, call, fault, verb, Pod, config, fromThereOn);

    /// <summary>Ends the plugin, or the delegate it executes, before it does that call.</summary>
    public void Kill(SystemCall call, string verb)
    {
        if (Inject(call, Fault.Kill, verb).ExitCode != 0)
            Kills++;
    }

    /// <summary>How many plugins were ended; a few have made one call less than when they were recorded.</summary>
    public int Kills { get; private set; }

    /// <summary>The delegate gets another build's id, so that it is executed.</summary>
    public void MakeDelegateForeign()
    {
        var plugins = Directory.CreateDirectory(Path.Combine(node.Directory, "bin")).FullName;
        foreach (var name in (string[])["host-local", "bridge"])
            File.Copy(Path.Combine(PluginDirectory.Ours, name), Path.Combine(plugins, name));
        File.WriteAllBytes(Path.Combine(plugins, "host-local"), PluginDirectory.HostLocalOfAnotherBuild());
        node.Plugins = plugins;
    }

    /// <summary>The node as before its first ADD.</summary>
    public void RemoveBridge()
    {
        using var host = RouteClient.Open(node.Namespace);
        if (host.Links.Find("cni0") is { } bridge)
            host.Links.Delete(bridge.Index);
        if (Directory.Exists(node.DataDirectory))
            Directory.Delete(node.DataDirectory, recursive: true);
        Plugboard.Linux.Namespaces.NamespaceThread.Run(
            node.Namespace,
            static () =>
            {
                Sysctl.Write("net/ipv4/ip_forward", "0");
                Sysctl.Write("net/ipv6/conf/all/forwarding", "0");
            }
        );
    }

    /// <summary>Makes the log of host-local's index so long that the next change makes a snapshot instead.</summary>
    public void FillLog() => IpamNetwork.FillLog(Path.Combine(node.DataDirectory, ".owners", "test", "log"), "nobody 10.9.9.9");

    /// <summary>True where the last change made a snapshot of host-local's index.</summary>
    public bool HasSnapshot() =>
        File.ReadLines(Path.Combine(node.DataDirectory, ".owners", "test", "snapshot")).Contains("nobody 10.9.9.9");

    /// <summary>A delegate outlives the plugin that was killed for a moment, and ends by itself.</summary>
    public void WaitForOrphans()
    {
        for (var i = 0; i < 500 && MachineState.ProcessesOf(node).Count > 0; i++)
            Thread.Yield();
    }

    /// <summary>The next pod's calls, each of which must go well.</summary>
    public void AddAndDeleteNext()
    {
        node.CallBeside("ADD", next, config).Succeeded();
        node.CallBeside("CHECK", next, config).Succeeded();
        node.CallBeside("DEL", next, config).Succeeded();
        next.Result = null;
    }

    /// <summary>
    /// The next pod's calls, where they find what no earlier ones found: from the same state they do the same.
    /// </summary>
    private void AddAndDeleteNextIn(MachineState state)
    {
        if (met.Add($"{state}\n{IndexShape()}"))
            AddAndDeleteNext();
    }

    // host-local's index, which is no part of the state: which files there are, and how the log ends, without names and addresses.
    private string IndexShape()
    {
        var index = Path.Combine(node.DataDirectory, ".owners");
        if (!Directory.Exists(index))
            return "";
        var files = Directory.EnumerateFiles(index, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal);
        var log = Path.Combine(index, "test", "log");
        var end = File.Exists(log) ? string.Join('\n', File.ReadAllText(log).Split('\n').TakeLast(3)) : "";
        return $"{string.Join('\n', files)}\n{NameOrNumber().Replace(end, "#")}";
    }

    [GeneratedRegex("[0-9A-Za-z]+", RegexOptions.None, 1000)]
    private static partial Regex NameOrNumber();

    /// <summary>Tries each call and fails with all that any of them left.</summary>
    public void ForEach(IEnumerable<SystemCall> calls, Func<SystemCall, IEnumerable<string>> attempt) =>
        Strace.ForEach(
            calls,
            attempt,
            recover: () =>
            {
                Pod.Result = null;
                node.CallBeside("DEL", Pod, config);
            }
        );

    /// <summary>
    /// Each system call of a node's first ADD: killed before it, it is released by its DEL, and the next pod's calls go well.
    /// </summary>
    /// <param name="end">GC, of no valid attachment, does it as well as DEL.</param>
    public void KillEachAdd(string end = "DEL")
    {
        List<SystemCall> calls = [.. Strace.WhereStatesDiffer(Record("ADD"))];
        ForEach(calls, call => KillAdd(call, end));
        RequireKills(calls);
    }

    /// <summary>Each system call of a DEL: killed before it, it is ended by the next DEL, and the next pod's calls go well.</summary>
    public void KillEachDel()
    {
        Succeed("ADD");
        List<SystemCall> calls = [.. Strace.WhereStatesDiffer(Record("DEL"))];
        ForEach(calls, call => KillDel(call));
        RequireKills(calls);
    }

    private void RequireKills(IReadOnlyList<SystemCall> calls) =>
        Assert.True(Kills > calls.Count * 3 / 4, $"only {Kills} of {calls.Count} were killed");

    /// <summary>What is left of a node's first ADD that is killed before a call, after its DEL and after the next pod's calls.</summary>
    public IEnumerable<string> KillAdd(SystemCall call) => KillAdd(call, "DEL");

    private IEnumerable<string> KillAdd(SystemCall call, string end)
    {
        RemoveBridge();
        var before = State();
        Kill(call, "ADD");
        WaitForOrphans();
        Succeed(end);
        var after = State();
        foreach (var difference in before.Difference(after, IsOfTheBridge))
            yield return difference;
        Pod.Result = null;
        AddAndDeleteNextIn(after);
        foreach (var difference in before.Difference(State(), IsOfTheBridge))
            yield return "after the next pod: " + difference;
    }

    /// <summary>What is left of a DEL that is killed before a call, after the next DEL and after the next pod's calls.</summary>
    public IEnumerable<string> KillDel(SystemCall call, Action? prepare = null)
    {
        var before = State();
        Succeed("ADD");
        prepare?.Invoke();
        Kill(call, "DEL");
        WaitForOrphans();
        Succeed("DEL");
        var after = State();
        foreach (var difference in before.Difference(after))
            yield return difference;
        AddAndDeleteNextIn(after);
        foreach (var difference in before.Difference(State()))
            yield return "after the next pod: " + difference;
    }

    public void Dispose() => node.Dispose();
}
