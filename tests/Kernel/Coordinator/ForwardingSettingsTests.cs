using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Coordinator.Routes;
using Plugboard.Linux;
using Plugboard.Netlink.Route;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator;

public sealed class ForwardingSettingsTests
{
    private static readonly ClusterView view = new()
    {
        Network = new NetConf(),
        Self = new LocalNode { Name = "n1", PodCidrs = [IPPrefix.Parse("10.244.1.0/24"), IPPrefix.Parse("fd00:244:0:1::/64")] },
    };

    private static SyncOutcome Run(TestNamespace node, Func<ForwardingSettings, SyncOutcome> act, bool isEnabled = true) =>
        node.Run(() =>
        {
            using var client = RouteClient.Open();
            return act(new ForwardingSettings(client, new RouteOptions { EnablesIPForwarding = isEnabled }));
        });

    private static string[] Texts(SyncOutcome outcome) => [.. outcome.Changes.Select(static change => change.ToString())];

    private static string Read(TestNamespace node, string name) => node.Run(() => Sysctl.Find(name) ?? "");

    private static TestMachine MachineThatForwardsNothing()
    {
        var node = new TestMachine();
        node.Run(static () => Sysctl.Write("net/ipv4/ip_forward", "0"));
        return node;
    }

    [KernelFact]
    public void The_node_keeps_its_default_route_and_plan_says_first_what_is_written()
    {
        using var node = MachineThatForwardsNothing();
        using var router = new AdvertisingRouter(node);
        router.AdvertiseUntilKnown();
        string[] changes =
        [
            "replace sysctl net.ipv4.ip_forward=1",
            "replace sysctl net.ipv6.conf.eth0.accept_ra=2",
            "replace sysctl net.ipv6.conf.all.forwarding=1",
        ];
        Assert.Equal(changes, Texts(Run(node, static forwarding => forwarding.Plan(view))));
        Assert.Equal("0", Read(node, "net/ipv6/conf/all/forwarding"));

        var outcome = Run(node, static forwarding => forwarding.Ensure(view));
        Assert.Equal((true, ""), (outcome.IsUsable, string.Join('\n', outcome.Problems)));
        Assert.Equal(changes, Texts(outcome));
        Assert.True(router.IsKnown, "the node has lost its default route");
        Assert.Equal(SyncOutcome.Steady.Changes, Run(node, static forwarding => forwarding.Ensure(view)).Changes);
    }

    [KernelFact]
    public void Where_nothing_can_be_written_all_that_has_to_be_set_is_named_per_family()
    {
        using var node = MachineThatForwardsNothing();
        using var router = new AdvertisingRouter(node);
        node.Tool("mount --bind /proc/sys /proc/sys");
        node.Tool("mount -o remount,bind,ro /proc/sys");
        var outcome = Run(node, static forwarding => forwarding.Ensure(view));
        Assert.Empty(outcome.Changes);
        Assert.Collection(
            outcome.Problems,
            static problem => Assert.Contains("set on the node, in this order: net.ipv4.ip_forward=1 ", problem, StringComparison.Ordinal),
            static problem =>
                Assert.Contains(
                    "set on the node, in this order: net.ipv6.conf.eth0.accept_ra=2, net.ipv6.conf.all.forwarding=1 ",
                    problem,
                    StringComparison.Ordinal
                )
        );
    }

    [KernelFact]
    public void What_is_on_already_needs_no_writable_proc_sys()
    {
        using var node = MachineThatForwardsNothing();
        node.Run(static () => Sysctl.Write("net/ipv4/ip_forward", "1"));
        node.Run(static () => Sysctl.Write("net/ipv6/conf/all/forwarding", "1"));
        node.Tool("mount --bind /proc/sys /proc/sys");
        node.Tool("mount -o remount,bind,ro /proc/sys");
        var outcome = Run(node, static forwarding => forwarding.Ensure(view));
        Assert.Empty(outcome.Changes);
        Assert.Empty(outcome.Problems);
    }

    [KernelFact]
    public void Switched_off_by_its_flag_it_writes_nothing()
    {
        using var node = MachineThatForwardsNothing();
        Assert.Empty(Run(node, static forwarding => forwarding.Ensure(view), isEnabled: false).Changes);
        Assert.Equal("0", Read(node, "net/ipv4/ip_forward"));
    }
}
