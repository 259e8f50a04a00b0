using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Plugboard.Tests.EndToEnd.Policy;

/// <summary>Pods start with their policies in force, whatever the objects know of their addresses.</summary>
public sealed class PodStartTests(ITestOutputHelper output)
{
    private const int AtOnce = 8;

    // Each pod is in the neighbour tables of the node and the sink, and has the sink in its own. The kernel has room for 1,024 such
    // entries (net.ipv4.neigh.default.gc_thresh3, of all network namespaces together), and loses the first datagram of a pod without one.
    private const int ResolvablePods = 200;
    private static readonly int pods = int.TryParse(Environment.GetEnvironmentVariable("PLUGBOARD_POD_STARTS"), out var many) ? many : 40;

    [KernelTheory]
    [InlineData("bridge", "closed")]
    [InlineData("ptp", "closed")]
    [InlineData("bridge", "open")]
    public void Many_pods_start_at_once_and_nothing_passes_that_a_policy_forbids(string plugin, string start)
    {
        using var node = new PolicyCoordinator(pods, $"--policy-start {start} --policy-wait 30000", plugin);
        node.Start();
        var target = node.Node.AddPod("sink");
        node.Add(target, "z", "sink").Succeeded();
        using var sink = new Sink(target);
        var observer = HookObserver.Start(node.Node);
        var starting = Enumerable.Range(0, pods).Select(i => node.Node.AddPod($"p{i}")).ToList();

        Parallel.For(
            0,
            pods,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            i => StartOne(node, starting[i], i, target.Address, sendsBefore: start == "closed")
        );

        var free = starting.Where(static (_, i) => PolicyCoordinator.RoleOf(i) == "free").ToList();
        ExpectNothingRefused(node, observer, sink, free);
        Assert.DoesNotContain(sink.Texts, static text => text.StartsWith("locked", StringComparison.Ordinal));
        if (pods <= ResolvablePods)
            node.Until(() => sink.Texts.Count() == free.Count, "the first datagrams of all that may send arrive");

        Parallel.ForEach(starting.Append(target), pod => node.Node.CallBeside("DEL", pod, node.Config).Succeeded());
        node.Until(
            () => node.Node.Tool("ls -A /run/plugboard/policy/pods /run/plugboard/policy/ready").Split('\n').All(IsNoName),
            "no record is left"
        );
        Assert.DoesNotContain("fault", node.Log, StringComparison.OrdinalIgnoreCase);
    }

    // The first ADD made the bridge and has its lock alone: nobody answers it yet.
    [KernelFact]
    public void An_ADD_that_waits_holds_up_no_other()
    {
        using var node = new CniNode();
        node.Tool("mkdir -p /run/plugboard/policy/ready");
        node.TryTool(["sh", "-c", "echo 20000 > /run/plugboard/policy/wait"]);
        var (first, second) = (node.AddPod("first"), node.AddPod("second"));
        var waiting = Task.Run(() =>
            node.CallBeside("ADD", first, node.BridgeConfig(), "CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAMESPACE=x;K8S_POD_NAME=a")
        );
        Eventually.True(() => node.TryTool(["sh", "-c", "ls /run/plugboard/policy/pods/*"]).ExitCode == 0, () => "no pod is reported");

        node.CallBeside("ADD", second, node.BridgeConfig()).Succeeded();

        Assert.False(waiting.IsCompleted);
        node.TryTool([
            "sh",
            "-c",
            "for each in /run/plugboard/policy/pods/*; do touch /run/plugboard/policy/ready/$(basename $each); done",
        ]);
        waiting.GetAwaiter().GetResult().Succeeded();
    }

    // A pod sends one datagram, so what came to the policy's chains and did not leave them would be missing here.
    private void ExpectNothingRefused(PolicyCoordinator node, HookObserver observer, Sink sink, IReadOnlyList<CniPod> free)
    {
        if (pods <= ResolvablePods)
            node.Until(() => free.All(pod => observer.After.Contains(pod.Address)), "no first datagram is lost before the policy");
        var (before, after) = (observer.Before, observer.After);
        Assert.DoesNotContain(free, pod => before.Contains(pod.Address) && !after.Contains(pod.Address));
        Assert.True(free.Count(pod => before.Contains(pod.Address)) > free.Count / 2);
        output.WriteLine(
            $"of {free.Count} first datagrams {free.Count(pod => before.Contains(pod.Address))} came to the policy, "
                + $"{free.Count(pod => after.Contains(pod.Address))} left it, {sink.Texts.Count()} arrived"
        );
    }

    private static bool IsNoName(string line) => line.Trim().Length == 0 || line.StartsWith('/');

    private static void StartOne(PolicyCoordinator node, CniPod pod, int number, string target, bool sendsBefore)
    {
        using var socket = Sink.OpenIn(pod);
        using var started = new ManualResetEventSlim();
        var isLocked = PolicyCoordinator.RoleOf(number) == "locked";
        var sender = new Thread(() =>
        {
            while (isLocked && !started.Wait(TimeSpan.FromMilliseconds(1)))
                Sink.TrySend(socket, target, $"locked p{number}");
        });
        if (sendsBefore)
            sender.Start();
        node.Add(pod, "x", $"p{number}").Succeeded();
        Assert.True(Sink.TrySend(socket, target, $"{(isLocked ? "locked" : "first")} p{number}"));
        if (!sendsBefore)
            sender.Start();
        using var pause = new ManualResetEventSlim();
        pause.Wait(TimeSpan.FromMilliseconds(10));
        started.Set();
        sender.Join();
    }

    [KernelTheory]
    [InlineData("closed")]
    [InlineData("open")]
    public void Without_a_coordinator_pods_keep_their_rules_and_new_ones_are_as_the_operator_chose(string start)
    {
        using var node = new PolicyCoordinator(4, $"--policy-start {start} --policy-wait 300");
        node.Start();
        var target = node.Node.AddPod("sink");
        node.Add(target, "z", "sink").Succeeded();
        using var sink = new Sink(target);
        var running = Enumerable.Range(0, 2).Select(i => node.Node.AddPod($"p{i}")).ToList();
        foreach (var i in Enumerable.Range(0, 2))
            node.Add(running[i], "x", $"p{i}").Succeeded();

        node.Kill();
        var later = node.Node.AddPod("p3");
        node.Add(later, "x", "p3").Succeeded();

        Send(running[0], target, "locked while away");
        Send(running[1], target, "free while away");
        Send(later, target, "later while away");
        node.Until(() => sink.CountOf("free while away") > 0, "a pod that runs keeps its rules");
        Assert.Equal(0, sink.CountOf("locked while away"));
        if (start == "open")
            node.Until(() => sink.CountOf("later while away") > 0, "a new pod is open");
        else
            Assert.Equal(0, sink.CountOf("later while away"));

        node.Start();
        node.Until(
            () =>
            {
                Send(later, target, "later");
                return sink.CountOf("later") > 0;
            },
            "the new pod is known"
        );
        Send(running[0], target, "locked again");
        Send(running[1], target, "free again");
        node.Until(() => sink.CountOf("free again") > 0, "the other pods are as before");
        Assert.Equal(0, sink.CountOf("locked again"));
    }

    private static void Send(CniPod pod, CniPod target, string text)
    {
        using var socket = Sink.OpenIn(pod);
        Assert.True(Sink.TrySend(socket, target.Address, text));
    }
}
