using System.Diagnostics;
using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.Policy;

/// <summary>An ADD waits for a coordinator that lives, once for one that may be starting again, and never for one that is gone.</summary>
public sealed class AbsentCoordinatorTests
{
    private static readonly TimeSpan wait = TimeSpan.FromSeconds(5);

    [KernelTheory]
    [InlineData("killed")]
    [InlineData("stopped")]
    public void A_coordinator_that_ended_is_waited_for_once(string how)
    {
        using var node = Start();
        if (how == "killed")
            node.Kill();
        else
            node.Stop();

        Assert.True(Add(node, 1) >= wait);
        foreach (var i in Enumerable.Range(2, 3))
            Assert.True(Add(node, i) < wait);
        // The next coordinator has heard of all of them.
        node.Start();
        node.Until(() => Enumerable.Range(0, 5).All(i => IsReady(node, i)), "all that started meanwhile are known");
        Assert.True(Add(node, 5) < wait);
        Assert.True(IsReady(node, 5));

        node.Kill();
        Assert.True(Add(node, 6) >= wait);
    }

    [KernelTheory]
    [InlineData("bridge")]
    [InlineData("ptp")]
    public void A_coordinator_that_starts_again_answers_the_ADD_that_waits(string plugin)
    {
        using var node = Start(TimeSpan.FromSeconds(60), plugin);
        node.Stop();
        var waiting = Task.Run(() => Add(node, 2));
        node.Until(
            () => node.Node.Tool("ls /run/plugboard/policy/pods").Split('\n').Count(static line => line.Length > 0) == 2,
            "reported"
        );

        node.Start();

        Assert.True(waiting.GetAwaiter().GetResult() < TimeSpan.FromSeconds(60));
        Assert.True(IsReady(node, 2));
        // The pod of before has its record still: its link is there.
        Assert.True(IsReady(node, 0));
        Assert.Equal(1, node.Node.TryTool(["test", "-e", "/run/plugboard/policy/unanswered"]).ExitCode);
    }

    [KernelFact]
    public void A_coordinator_that_lives_and_does_not_answer_is_waited_for_each_time()
    {
        using var node = Start();

        // It has no object of that name.
        foreach (var i in Enumerable.Range(100, 2))
            Assert.True(Add(node, i) >= wait);
    }

    [KernelFact]
    public void After_a_cleanup_nothing_is_reported_and_nothing_waits()
    {
        using var node = Start();
        node.Stop();
        node.CleanUp();

        Assert.True(Add(node, 1) < wait);

        Assert.False(IsReady(node, 1));
        Assert.Single(node.Node.Tool("ls /run/plugboard/policy/pods").Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    // With one pod that is attached.
    private static PolicyCoordinator Start(TimeSpan? patience = null, string plugin = "bridge")
    {
        var node = new PolicyCoordinator(20, $"--policy-start closed --policy-wait {(patience ?? wait).TotalMilliseconds}", plugin);
        node.Start();
        Add(node, 0);
        Assert.True(IsReady(node, 0));
        return node;
    }

    private static TimeSpan Add(PolicyCoordinator node, int number)
    {
        var pod = node.Node.AddPod($"p{number}");
        var clock = Stopwatch.StartNew();
        node.Add(pod, "x", pod.ContainerId).Succeeded();
        return clock.Elapsed;
    }

    private static bool IsReady(PolicyCoordinator node, int number) =>
        node.Node.TryTool([
            "sh",
            "-c",
            $"cd /run/plugboard/policy && record=$(grep -lx 'pod p{number}' pods/*) && test -e ready/${{record#pods/}}",
        ]).ExitCode == 0;
}
