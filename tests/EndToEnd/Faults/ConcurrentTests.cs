using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Plugboard.Addresses;
using Plugboard.Netlink.Route;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Faults;

public sealed class ConcurrentTests
{
    [KernelFact]
    public void A_hundred_first_ADDs_at_once_make_one_bridge_and_a_hundred_DELs_leave_nothing()
    {
        using var node = new CniNode();
        var pods = Enumerable.Range(0, 100).Select(_ => node.AddPod()).ToArray();
        var config = node.BridgeConfig();
        var before = MachineState.Of(node, pods);

        CallsBeside.AtOnce(pods, pod => node.CallBeside("ADD", pod, config).Succeeded());
        Assert.Equal(100, pods.Select(static pod => pod.Address).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(100, node.Leases().Count);
        Assert.Equal(["cni0"], Bridges(node));
        CallsBeside.AtOnce(pods, pod => node.CallBeside("CHECK", pod, config).Succeeded());
        foreach (var pod in pods)
            pod.Tool("ping -c 1 -W 5 10.1.0.1");

        CallsBeside.AtOnce(pods, pod => node.CallBeside("DEL", pod, config).Succeeded());
        Assert.Empty(before.Difference(MachineState.Of(node, pods), FaultyMachine.IsOfTheBridge));
    }

    /// <summary>The kernel takes an IPv6 address for its own some time after it was given one.</summary>
    [KernelTheory]
    [InlineData("bridge")]
    [InlineData("ptp")]
    public void The_kernel_takes_packets_to_a_pod_and_to_its_gateway_when_its_ADD_returns(string type)
    {
        using var node = new CniNode();
        var pods = Enumerable.Range(0, 100).Select(_ => node.AddPod()).ToArray();
        var config = node.BridgeConfig(config =>
        {
            config["type"] = type;
            config["ipam"]!["ranges"] = new JsonArray(new JsonArray(new JsonObject { ["subnet"] = "fd00:1::/64" }));
            config["ipam"]!["routes"] = new JsonArray(new JsonObject { ["dst"] = "::/0" });
        });
        var late = new ConcurrentBag<string>();
        CallsBeside.AtOnce(
            pods,
            pod =>
            {
                node.CallBeside("ADD", pod, config).Succeeded();
                using var host = RouteClient.Open(node.Namespace);
                using var inside = RouteClient.Open(pod.Namespace);
                if (inside.Routes.Get(IPAddr.Parse(pod.Address)) is not { Type: RouteType.Local })
                    late.Add(pod.Address);
                if (host.Routes.Get(IPAddr.Parse("fd00:1::1")) is not { Type: RouteType.Local })
                    late.Add($"the gateway of {pod.Address}");
            }
        );
        Assert.Empty(late);
    }

    [KernelFact]
    public void Forty_ADDs_among_forty_DELs_take_nothing_from_each_other()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig();
        var old = Enumerable.Range(0, 40).Select(_ => node.AddPod()).ToArray();
        var young = Enumerable.Range(0, 40).Select(_ => node.AddPod()).ToArray();
        CallsBeside.AtOnce(old, pod => node.CallBeside("ADD", pod, config).Succeeded());

        CallsBeside.AtOnce(
            old.Zip(young),
            pair =>
            {
                node.CallBeside("DEL", pair.First, config).Succeeded();
                node.CallBeside("ADD", pair.Second, config).Succeeded();
            }
        );
        CallsBeside.AtOnce(young, pod => node.CallBeside("CHECK", pod, config).Succeeded());
        Assert.Equal(
            young.Select(static pod => pod.Address).Order(StringComparer.Ordinal),
            node.Leases().Keys.Order(StringComparer.Ordinal)
        );
        foreach (var pod in young)
            pod.Tool("ping -c 1 -W 5 10.1.0.1");
    }

    [KernelTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Twenty_ADDs_that_fail_late_take_nothing_from_twenty_that_do_not(bool byGateway)
    {
        using var node = new CniNode();
        var config = node.BridgeConfig();
        var bad = node.BridgeConfig(config => MakeBad(config, byGateway));
        for (var round = 0; round < 3; round++)
        {
            var good = Enumerable.Range(0, 20).Select(_ => node.AddPod()).ToArray();
            var failing = Enumerable.Range(0, 20).Select(_ => node.AddPod()).ToArray();
            CallsBeside.AtOnce(
                good.Concat(failing),
                pod =>
                {
                    if (failing.Contains(pod))
                        Assert.Equal(7, node.CallBeside("ADD", pod, bad).Code);
                    else
                        node.CallBeside("ADD", pod, config).Succeeded();
                }
            );

            Assert.Equal(20, node.Leases().Count);
            CallsBeside.AtOnce(good, pod => node.CallBeside("CHECK", pod, config).Succeeded());
            foreach (var pod in good)
                pod.Tool("ping -c 1 -W 5 10.1.0.1");
            CallsBeside.AtOnce(good, pod => node.CallBeside("DEL", pod, config).Succeeded());
            Assert.Equal("", node.Tool("ip -brief link show type veth"));
            node.Tool("ip link delete cni0");
        }
    }

    [KernelFact]
    public void ADDs_that_all_fail_leave_nothing_but_the_bridge_that_they_all_used()
    {
        using var node = new CniNode();
        var bad = node.BridgeConfig(static config => MakeBad(config, byGateway: false));
        var pods = Enumerable.Range(0, 20).Select(_ => node.AddPod()).ToArray();
        var before = MachineState.Of(node, pods);
        CallsBeside.AtOnce(pods, pod => Assert.Equal(7, node.CallBeside("ADD", pod, bad).Code));
        Assert.Empty(
            before.Difference(MachineState.Of(node, pods), static fact => fact.StartsWith("node: link cni0", StringComparison.Ordinal))
        );
    }

    // The last thing an ADD does in the pod is its routes, the last on the node is the gateway's second address.
    private static void MakeBad(JsonObject config, bool byGateway)
    {
        if (byGateway)
            config["ipam"]!["ranges"] = new JsonArray(
                new JsonArray(new JsonObject { ["subnet"] = "10.1.0.0/16" }),
                new JsonArray(new JsonObject { ["subnet"] = "10.2.0.0/16" })
            );
        else
            config["ipam"]!["routes"]!.AsArray().Add(new JsonObject { ["dst"] = "10.9.0.0/16", ["gw"] = "192.0.2.1" });
    }

    private static IEnumerable<string> Bridges(CniNode node)
    {
        using var client = RouteClient.Open(node.Namespace);
        return [.. client.Links.List().Where(static link => link.Kind == "bridge").Select(static link => link.Name)];
    }
}
