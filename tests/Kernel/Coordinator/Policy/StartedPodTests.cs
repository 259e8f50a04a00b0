using Plugboard.Addresses;
using Plugboard.Coordinator.Policy;
using Plugboard.Coordinator.Policy.Starting;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Starting;
using Plugboard.Linux;
using Plugboard.Linux.Namespaces;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Policy;

/// <summary>A pod that a plugin reported has its policies before the objects have its address.</summary>
public sealed class StartedPodTests
{
    private const string FromB = "podSelector: {}\ningress: [{from: [{podSelector: {matchLabels: {pod: b}}}]}]";

    // A pod without an address.
    private const string Late = "kind: Pod\nmetadata: {name: late, namespace: x, labels: {pod: late}}\nspec: {nodeName: n1}\n";

    private static readonly Attachment owner = new("cluster", "c1", "eth0");

    private static PolicyNode NewNode(bool startsClosed) =>
        new(
            options: new PolicyOptions
            {
                NodeName = "n1",
                Directory = "",
                StartsClosed = startsClosed,
            },
            hasStarts: true
        );

    private static PodStart Report(string name, Attachment? from = null, long since = 1) =>
        new(from ?? owner, "x", name, [IPAddr.Parse("10.244.1.18")], since);

    private static bool Passes(PolicyNode node, string from, string to) => node.Pod(from).AskUdpOnce(node, to, 80);

    [KernelTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_reported_pod_has_its_policies_and_the_plugin_is_answered(bool startsClosed)
    {
        using var node = NewNode(startsClosed);
        // What is z/c below is the late pod of namespace x now.
        node.Hide("z/c");
        node.WritePods(Late);
        node.Write(("x", FromB));
        node.SyncWell(SyncCause.Start);
        Assert.Equal(!startsClosed, Passes(node, "y/a", "z/c"));

        node.Starts!.Announce(Report("late"));
        Assert.False(node.Starts.WaitUntilReady(owner, TimeSpan.Zero));
        node.SyncWell(SyncCause.Retry);

        Assert.True(node.Starts.WaitUntilReady(owner, TimeSpan.Zero));
        Assert.True(Passes(node, "x/b", "z/c"));
        Assert.False(Passes(node, "y/a", "z/c"));
        Assert.True(Passes(node, "z/c", "y/a"));
        Assert.Equal(0, node.Run(node.Reconciler.ReadState).WaitingPods);

        // Another coordinator knows it too.
        node.SyncFlows();
        node.Restart();
        Assert.Equal([], node.SyncWell(SyncCause.Start));

        node.Starts.Withdraw(owner);
        node.SyncWell(SyncCause.Retry);
        Assert.False(node.Starts.WaitUntilReady(owner, TimeSpan.Zero));
        Assert.Equal(!startsClosed, Passes(node, "y/a", "z/c"));
    }

    [KernelFact]
    public void Policies_are_enforced_although_reports_of_pods_that_are_gone_cannot_be_told()
    {
        using var node = NewNode(startsClosed: true);
        node.Hide("z/c");
        node.WritePods(Late);
        node.Write(("x", FromB));
        node.ReadAliases = static () => throw new ErrnoException("getsockopt", "a link", Errno.ENOBUFS);
        node.Restart();
        node.Starts!.Announce(Report("late"));

        var outcome = node.Sync(SyncCause.Start);

        Assert.Contains("the reports of pods that are gone are not removed", Assert.Single(outcome.Problems), StringComparison.Ordinal);
        Assert.True(node.Starts.WaitUntilReady(owner, TimeSpan.Zero));
        Assert.True(Passes(node, "x/b", "z/c"));
        Assert.False(Passes(node, "y/a", "z/c"));
    }

    [KernelFact]
    public void A_reported_pod_stays_closed_until_it_is_known()
    {
        using var node = NewNode(startsClosed: true);
        node.Hide("z/c");
        node.WritePods();
        node.SyncWell(SyncCause.Start);
        node.Starts!.Announce(Report("late"));
        node.SyncWell(SyncCause.Retry);
        Assert.False(node.Starts.WaitUntilReady(owner, TimeSpan.Zero));
        Assert.False(Passes(node, "z/c", "y/a"));
        Assert.Equal(1, node.Run(node.Reconciler.ReadState).WaitingPods);

        node.WritePods(Late);
        node.SyncWell();

        Assert.True(node.Starts.WaitUntilReady(owner, TimeSpan.Zero));
        Assert.True(Passes(node, "z/c", "y/a"));
    }

    [KernelFact]
    public void A_report_from_another_network_namespace_is_left_to_its_coordinator()
    {
        using var node = NewNode(startsClosed: true);
        node.WritePods(Late);
        node.Write(("x", FromB));
        // No link of the pod is here, so a report of this namespace would be removed.
        node.ReadAliases = static () => [];
        node.Restart();
        node.SyncWell(SyncCause.Start);
        var elsewhere = Report("late") with { NetNs = 1 };
        node.Starts!.Announce(elsewhere);
        // As the other coordinator does.
        node.Starts.SetReady(owner.Tag, isReady: true);

        node.SyncWell(SyncCause.Retry);

        Assert.Equal(elsewhere, Assert.Single(node.Starts.List()));
        Assert.Equal([owner.Tag], node.Starts.ListReady());
        Assert.True(Passes(node, "y/a", "z/c"));
        Assert.Equal(0, node.Run(node.Reconciler.ReadState).WaitingPods);

        node.Starts.Announce(Report("late") with { NetNs = node.Run(NetworkNamespace.FindOwnInode) });
        node.SyncWell(SyncCause.Retry);
        Assert.Empty(node.Starts.List());
        Assert.Empty(node.Starts.ListReady());
    }

    [KernelFact]
    public void An_address_is_the_reported_pods_although_another_object_still_has_it()
    {
        using var node = NewNode(startsClosed: true);
        node.WritePods(Late);
        node.Write(("x", FromB));
        node.SyncWell(SyncCause.Start);
        Assert.True(Passes(node, "y/a", "z/c"));

        node.Starts!.Announce(Report("late"));
        node.SyncWell(SyncCause.Retry);
        Assert.False(Passes(node, "y/a", "z/c"));
        Assert.True(Passes(node, "x/b", "z/c"));

        // A pod that nobody knows yet has the address now: nobody's policies are for it.
        node.Starts.Announce(Report("later", owner with { ContainerId = "c2" }, since: 2));
        node.SyncWell(SyncCause.Retry);
        Assert.False(Passes(node, "x/b", "z/c"));
        Assert.False(node.Starts.WaitUntilReady(owner with { ContainerId = "c2" }, TimeSpan.Zero));

        node.Starts.Withdraw(owner with { ContainerId = "c2" });
        node.Starts.Withdraw(owner);
        node.SyncWell(SyncCause.Retry);
        Assert.True(Passes(node, "y/a", "z/c"));
    }

    [KernelFact]
    public void An_add_waits_until_it_is_answered_or_its_time_is_over()
    {
        using var node = NewNode(startsClosed: true);
        var starts = node.Starts!;
        Assert.Equal(TimeSpan.FromSeconds(5), starts.FindWait());
        starts.Announce(Report("late"));
        var waiting = Task.Run(() => starts.WaitUntilReady(owner, TimeSpan.FromSeconds(30)));
        Assert.False(waiting.Wait(TimeSpan.FromMilliseconds(100)));

        starts.SetReady(owner.Tag, isReady: true);

        Assert.True(waiting.Wait(TimeSpan.FromSeconds(10)) && waiting.Result);
        // The answer was for the ADD before.
        starts.Announce(Report("late"));
        Assert.False(starts.WaitUntilReady(owner, TimeSpan.FromMilliseconds(10)));
        starts.Close();
        Assert.Null(starts.FindWait());
    }

    [KernelTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void After_a_cleanup_nothing_is_left_but_the_records_of_pods(bool hasPod)
    {
        var root = Directory.CreateTempSubdirectory("starts");
        var starts = new PodStarts(root.FullName);
        starts.Open(TimeSpan.FromSeconds(5))!.Dispose();
        starts.Announce(Report("late"));
        starts.SetReady(owner.Tag, isReady: true);
        Assert.False(starts.WaitUntilReady(owner with { IfName = "net1" }, TimeSpan.FromMilliseconds(1)));
        if (!hasPod)
            starts.Withdraw(owner);

        StartedPods.Close(starts);
        StartedPods.Close(starts);

        var left = Directory.GetFileSystemEntries(root.FullName, "*", SearchOption.AllDirectories);
        if (hasPod)
            Assert.Equal(starts.RecordPath, Path.GetDirectoryName(Assert.Single(left, File.Exists)));
        else
            Assert.Empty(left);
        root.Delete(recursive: true);
    }
}
