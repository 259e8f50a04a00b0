using System.Net.Sockets;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Policy;

/// <summary>Pods that the reference's bridge attaches: it reports nothing, so the objects alone say whose an address is.</summary>
public sealed class ForeignPluginTests
{
    [KernelTheory]
    [InlineData("open")]
    [InlineData("closed")]
    public void Pods_have_their_policies_when_the_objects_have_their_addresses(string start)
    {
        using var node = new PolicyCoordinator(4, $"--policy-start {start}");
        node.Start();
        node.Node.Plugins = PluginDirectory.Reference;
        var (sink, locked, free) = (node.Node.AddPod("sink"), node.Node.AddPod("p0"), node.Node.AddPod("p1"));
        node.Add(sink, "z", "sink").Succeeded();
        node.Add(locked, "x", "p0").Succeeded();
        node.Add(free, "x", "p1").Succeeded();
        Assert.Empty(node.Node.Tool("ls /run/plugboard/policy/pods").Trim());
        using var received = new Sink(sink);
        using var fromLocked = new Sender(locked, sink);
        using var fromFree = new Sender(free, sink);
        if (start == "open")
            node.Until(() => fromLocked.Arrives(received, "locked before") && fromFree.Arrives(received, "free before"), "both are open");
        else
            for (var i = 0; i < 20; i++)
                Assert.False(fromLocked.Arrives(received, "locked before") || fromFree.Arrives(received, "free before"));

        node.WritePods([("z/sink", sink.Address), ("x/p0", locked.Address), ("x/p1", free.Address)]);

        node.Until(() => fromFree.Arrives(received, "free after"), "a pod that no policy isolates may send");
        node.Until(
            () =>
                node.Log.Contains("of egress4 (pods isolated", StringComparison.Ordinal)
                && (start == "closed" || node.Log.Contains("no policy allows it now", StringComparison.Ordinal)),
            "the policy is in force, and a flow that was open ends"
        );
        for (var i = 0; i < 50; i++)
            fromLocked.Arrives(received, "locked after");
        Assert.Equal(0, received.CountOf("locked after"));
        Assert.DoesNotContain("fault", node.Log, StringComparison.OrdinalIgnoreCase);
    }

    [KernelFact]
    public void A_record_of_a_pod_that_another_plugin_took_apart_hides_no_policy()
    {
        using var node = new PolicyCoordinator(4, "");
        node.Start();
        var (sink, first, next) = (node.Node.AddPod("sink"), node.Node.AddPod("p1"), node.Node.AddPod("p2"));
        node.Add(sink, "z", "sink").Succeeded();
        node.Add(first, "x", "p1").Succeeded();
        using var received = new Sink(sink);
        node.Node.Plugins = PluginDirectory.Reference;
        node.Node.Call("DEL", first, node.Config).Succeeded();
        Assert.Equal(2, node.Node.Tool("ls /run/plugboard/policy/pods").Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        node.Add(next, "x", "p2").Succeeded();
        // As the reference's host-local gives it to a later pod.
        var address = first.Address;
        next.Tool("ip addr flush dev eth0");
        next.Tool($"ip addr add {address}/16 dev eth0");
        node.WritePods([("z/sink", sink.Address), ("x/p2", address)]);

        node.Stop();
        node.Start();

        Assert.Single(node.Node.Tool("ls /run/plugboard/policy/pods").Split('\n', StringSplitOptions.RemoveEmptyEntries));
        using var sender = new Sender(next, sink);
        for (var i = 0; i < 50; i++)
            Assert.False(sender.Arrives(received, "locked"));
    }

    // One flow.
    private sealed class Sender(CniPod pod, CniPod sink) : IDisposable
    {
        private static readonly TimeSpan longestWay = TimeSpan.FromMilliseconds(20);
        private readonly Socket socket = Sink.OpenIn(pod);

        public bool Arrives(Sink received, string text)
        {
            var before = received.CountOf(text);
            Sink.TrySend(socket, sink.Address, text);
            using var pause = new ManualResetEventSlim();
            pause.Wait(longestWay);
            return received.CountOf(text) > before;
        }

        public void Dispose() => socket.Dispose();
    }
}
