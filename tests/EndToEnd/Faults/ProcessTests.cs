using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>Plugins as processes: delegates in a circle, delegates that hang, streams that are closed, input without end.</summary>
[SupportedOSPlatform("linux")]
public sealed class ProcessTests
{
    private static void Script(CniNode node, string name, string body)
    {
        var path = Path.Combine(node.Plugins, name);
        File.Delete(path);
        File.WriteAllText(path, $"#!/bin/sh\n{body}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static CniNode NodeWithPluginsOfItsOwn()
    {
        var node = new CniNode();
        node.Plugins = Directory.CreateDirectory(Path.Combine(node.Directory, "bin")).FullName;
        foreach (var name in (string[])["bridge", "flannel", "host-local"])
            File.CreateSymbolicLink(Path.Combine(node.Plugins, name), Path.Combine(PluginDirectory.Ours, name));
        return node;
    }

    [KernelTheory]
    [InlineData("bridge", "", 0)]
    [InlineData("flannel", "", 0)]
    [InlineData("alias", "ln -s bridge alias", 1)]
    [InlineData("meta", "script meta: calls bridge", 1)]
    public void Delegates_in_a_circle_are_refused_by_every_verb_before_anything_is_made(string ipam, string extra, int copies)
    {
        using var node = NodeWithPluginsOfItsOwn();
        var pod = node.AddPod();
        if (extra.StartsWith("ln", StringComparison.Ordinal))
            File.CreateSymbolicLink(Path.Combine(node.Plugins, ipam), "bridge");
        var calls = Path.Combine(node.Directory, "calls");
        if (extra.StartsWith("script", StringComparison.Ordinal))
            Script(node, ipam, $"echo $CNI_COMMAND >>{calls}; exec {node.Plugins}/bridge");
        File.WriteAllText(
            Path.Combine(node.Directory, "subnet.env"),
            "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n"
        );
        var config = node.BridgeConfig(c =>
        {
            c["cniVersion"] = "1.1.0";
            c["ipam"] = new JsonObject { ["type"] = ipam };
            c["subnetFile"] = Path.Combine(node.Directory, "subnet.env");
            c["dataDir"] = Path.Combine(node.Directory, "flannel");
            c["cni.dev/valid-attachments"] = new JsonArray();
        });
        var before = MachineState.Of(node, pod);
        foreach (var verb in (string[])["STATUS", "ADD", "DEL", "GC"])
        {
            var time = Stopwatch.StartNew();
            var refused = node.Call(verb, pod, config);
            // flannel, which keeps nothing of an ADD that was refused, has no delegate to call.
            Assert.Equal(
                ipam == "flannel" && verb == "DEL" ? (0, "") : (1, "7"),
                (refused.ExitCode, refused.ExitCode == 0 ? "" : refused.Code.ToString(CultureInfo.InvariantCulture))
            );
            Assert.True(time.Elapsed < TimeSpan.FromSeconds(20), $"{verb} takes {time.Elapsed}");
        }

        Assert.Empty(before.Difference(MachineState.Of(node, pod), FaultyMachine.IsOfTheBridge));
        if (File.Exists(calls))
            Assert.InRange(File.ReadAllLines(calls).GroupBy(static verb => verb).Max(static verb => verb.Count()), 1, 2 * copies);
    }

    [KernelFact]
    public void A_chain_of_four_plugins_with_a_stranger_between_works()
    {
        using var node = NodeWithPluginsOfItsOwn();
        var pod = node.AddPod();
        Script(node, "meta", $"exec {node.Plugins}/host-local");
        File.WriteAllText(
            Path.Combine(node.Directory, "subnet.env"),
            "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n"
        );
        Script(node, "outer", $"exec {node.Plugins}/flannel");
        var config = new JsonObject
        {
            ["cniVersion"] = "1.0.0",
            ["name"] = "test",
            ["type"] = "outer",
            ["subnetFile"] = Path.Combine(node.Directory, "subnet.env"),
            ["dataDir"] = Path.Combine(node.Directory, "flannel"),
            ["ipam"] = new JsonObject { ["type"] = "meta", ["dataDir"] = node.DataDirectory },
        };
        // What another attachment's call left in the environment has no meaning.
        node.Call("ADD", pod, config, "PLUGBOARD_CALLERS=other/eth0:flannel:bridge").Succeeded();
        node.Call("CHECK", pod, config).Succeeded();
        node.Call("DEL", pod, config).Succeeded();
        Assert.Empty(node.Leases());
    }

    [KernelFact]
    public void A_delegate_that_hangs_ends_with_the_plugin_that_the_runtime_kills()
    {
        using var node = NodeWithPluginsOfItsOwn();
        var pod = node.AddPod();
        var fifo = Path.Combine(node.Directory, "fifo");
        PlacedFile.Place("a named pipe", fifo);
        // It has the pipe open as long as it lives.
        Script(node, "slow", $"exec 3>{fifo}; echo $PPID >&3; exec sleep 600");
        var config = node.BridgeConfig(static c => c["ipam"] = new JsonObject { ["type"] = "slow" });
        var call = Task.Run(() => node.CallRaw("ADD", pod, "bridge", CniNode.InputOf("ADD", pod, config), []));
        PlacedFile.Promptly(() =>
        {
            using var pipe = new StreamReader(fifo);
            pod.Tool($"kill -9 {pipe.ReadLine()}");
            Assert.Equal("", pipe.ReadToEnd());
        });
        Assert.NotEqual(0, call.Result.ExitCode);
    }

    [KernelTheory]
    [InlineData("<&-", true)]
    [InlineData(">&-", true)]
    [InlineData("2>&-", false)]
    [InlineData("<&- >&- 2>&-", true)]
    [InlineData(">&- 2>&-", true)]
    public void Streams_that_are_closed_are_no_place_for_what_is_opened_later(string closed, bool fails)
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var config = node.BridgeConfig(static c => c["ipMasq"] = true);
        var before = MachineState.Of(node, pod);
        var added = node.CallRaw("ADD", pod, "bridge", CniNode.InputOf("ADD", pod, config), ["sh", "-c", $"exec \"$0\" {closed}"]);
        Assert.Equal(fails ? 1 : 0, added.ExitCode);
        foreach (var (_, lease) in node.Leases())
            Assert.DoesNotContain("{", lease, StringComparison.Ordinal);
        Assert.Equal(fails ? 0 : 1, node.Leases().Count);
        if (!fails)
            node.CallRaw("DEL", pod, "bridge", CniNode.InputOf("DEL", pod, config), ["sh", "-c", $"exec \"$0\" {closed}"]);
        Assert.Empty(before.Difference(MachineState.Of(node, pod), FaultyMachine.IsOfTheBridge));
    }

    [KernelFact]
    public void Standard_input_of_a_hundred_megabytes_is_refused_at_its_limit()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        var refused = node.CallRaw("ADD", pod, "bridge", "", ["sh", "-c", "head -c 100000000 /dev/zero | \"$0\""]);
        Assert.Equal((1, 7), (refused.ExitCode, refused.Code));
        Assert.Equal("the network config on standard input is larger than 16 MiB", refused.Message);
    }
}
