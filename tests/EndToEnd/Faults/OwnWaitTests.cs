using System.Diagnostics;
using System.Text.Json.Nodes;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;
using Plugboard.Tests.EndToEnd.Ports;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>No plugin waits for a lock that it holds itself, nor for one that an unprivileged process can hold.</summary>
public sealed class OwnWaitTests
{
    // A wait for a lock takes ten seconds and more, each time. A busy machine is slow now and then, and slow with every process.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestOnABusyMachine = TimeSpan.FromSeconds(5);
    private const int ProcessesPerCall = 8;
    private const int Attempts = 4;

    public static TheoryData<string> Backends => ["nftables", "iptables"];

    private static PortNode Node(string backend) =>
        new(
            portmap => portmap["backend"] = backend,
            bridge =>
            {
                bridge["ipMasq"] = true;
                bridge["ipMasqBackend"] = backend;
                bridge["macspoofchk"] = true;
            }
        );

    [KernelTheory]
    [MemberData(nameof(Backends))]
    public void Each_verb_of_each_plugin_takes_less_than_a_second_with_each_backend(string backend)
    {
        using var node = Node(backend);
        var ports = PortNode.Ports("8080:80", "8080:80/udp");
        var best = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        for (var attempt = 0; attempt < Attempts && (attempt == 0 || best.Values.Any(static time => time >= Longest)); attempt++)
        {
            var pod = node.Node.AddPod();
            foreach (var verb in (string[])["ADD", "CHECK", "GC", "STATUS", "DEL"])
            {
                foreach (var plugin in verb == "DEL" ? (JsonObject[])[node.Portmap, node.Bridge] : [node.Bridge, node.Portmap])
                    Time(best, $"{verb} of {plugin["type"]}", () => Call(node, verb, pod, plugin, ports));
            }
        }

        AssertPrompt(node, best);
    }

    private static void Time(Dictionary<string, TimeSpan> best, string what, Action call)
    {
        var begin = Stopwatch.GetTimestamp();
        call();
        var time = Stopwatch.GetElapsedTime(begin);
        best[what] = best.TryGetValue(what, out var known) && known < time ? known : time;
    }

    private static void AssertPrompt(PortNode node, Dictionary<string, TimeSpan> best)
    {
        if (best.Values.All(static time => time < Longest))
            return;
        var begin = Stopwatch.GetTimestamp();
        node.Node.Tool("iptables-save -t nat");
        var process = Stopwatch.GetElapsedTime(begin);
        var limit = Math.Clamp(
            ProcessesPerCall * process.TotalMilliseconds,
            Longest.TotalMilliseconds,
            LongestOnABusyMachine.TotalMilliseconds
        );
        Assert.All(
            best,
            call =>
                Assert.True(
                    call.Value.TotalMilliseconds < limit,
                    $"{call.Key} took {call.Value.TotalMilliseconds:f0} ms at best, and {limit:f0} ms are the limit"
                )
        );
    }

    private static void Call(PortNode node, string verb, CniPod pod, JsonObject plugin, JsonArray ports)
    {
        var config = node.Chain.Config(plugin, verb is "GC" or "STATUS" ? null : ports);
        if (verb == "ADD" && pod.Result is { } result)
            config["prevResult"] = result.DeepClone();
        if (verb is "GC" or "STATUS")
            config["cniVersion"] = "1.1.0";
        if (verb == "GC")
        {
            var valid = new JsonObject { ["containerID"] = pod.ContainerId, ["ifname"] = pod.IfName };
            config["cni.dev/valid-attachments"] = new JsonArray(valid);
        }

        node.Node.CallBeside(verb, verb is "GC" or "STATUS" ? null : pod, config).Succeeded();
    }

    // A process of the host's network, such as a pod with hostNetwork, may open the namespace and hold a lock on it for ever.
    [KernelTheory]
    [MemberData(nameof(Backends))]
    public void A_process_that_holds_the_network_namespace_itself_blocks_no_other(string backend)
    {
        using var node = Node(backend);
        using var held = node.Node.Run(static () => FileLock.Take(NetworkNamespace.OpenOwn().File, Longest));
        var best = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        for (var attempt = 0; attempt < Attempts && (attempt == 0 || best.Values.Any(static time => time >= Longest)); attempt++)
        {
            var pod = node.Node.AddPod();
            Time(best, "ADD", () => Call(node, "ADD", pod, node.Bridge, []));
            Time(best, "DEL", () => Call(node, "DEL", pod, node.Bridge, []));
        }

        AssertPrompt(node, best);
    }

    [KernelFact]
    public void Only_root_can_open_a_lock_file()
    {
        using var node = Node("iptables");
        var pod = node.AddPod("8080:80");
        const string OpenFiles = "for f in /run/plugboard/*/*; do [ -d $f ] || [ ! -r $f ] || echo $f; done";
        var open = node.Node.TryTool(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", OpenFiles]);
        Assert.Equal((0, "", ""), open);
        Assert.NotEqual("", node.Node.Tool("ls /run/plugboard/locks"));
        node.Chain.Del(pod, PortNode.Ports("8080:80")).Succeeded();
    }

    [KernelFact]
    public void Where_no_lock_can_be_made_calls_work_without_waiting()
    {
        using var node = new PortNode();
        node.Node.Tool("mkdir -p /run/plugboard");
        node.Node.Tool("mount -t tmpfs -o ro records /run/plugboard");
        var pod = node.Node.AddPod();
        var best = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        for (var attempt = 0; attempt < Attempts && (attempt == 0 || best.Values.Any(static time => time >= Longest)); attempt++)
        {
            Time(best, "ADD", () => Call(node, "ADD", pod, node.Bridge, []));
            Time(best, "DEL", () => Call(node, "DEL", pod, node.Bridge, []));
            pod.Result = null;
        }

        AssertPrompt(node, best);
    }
}
