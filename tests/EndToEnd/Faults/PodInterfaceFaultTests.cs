using System.Text.Json.Nodes;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;
using Plugboard.Tests.EndToEnd.RealUse;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>
/// ptp, a link above a master, a tap device, the limits of a pair and a device of the node, killed and refused at each of their system
/// calls.
/// </summary>
public sealed class PodInterfaceFaultTests
{
    [KernelTheory]
    [InlineData("ptp")]
    [InlineData("macvlan")]
    [InlineData("tap")]
    [InlineData("bandwidth")]
    [InlineData("bandwidth by subnet")]
    [InlineData("host-device")]
    public void An_ADD_killed_at_any_call_is_released_by_its_DEL_and_the_next_ADD_works(string type)
    {
        using var machine = new FaultyMachine(node => Config(node, type));
        machine.KillEachAdd();
    }

    // A device of the node is given back although the pod lives.
    [KernelFact]
    public void An_ADD_of_host_device_killed_at_any_call_is_collected_by_GC()
    {
        using var machine = new FaultyMachine(node => Config(node, "host-device"));
        machine.KillEachAdd("GC");
    }

    [KernelTheory]
    [InlineData("ptp")]
    [InlineData("macvlan")]
    [InlineData("tap")]
    [InlineData("bandwidth")]
    [InlineData("bandwidth by subnet")]
    [InlineData("host-device")]
    public void A_DEL_killed_at_any_call_is_ended_by_the_next_DEL(string type)
    {
        using var machine = new FaultyMachine(node => Config(node, type));
        machine.KillEachDel();
    }

    // Forwarding stays on: another pod may need it by then.
    [KernelTheory]
    [InlineData("ptp")]
    [InlineData("macvlan")]
    [InlineData("tap")]
    [InlineData("bandwidth")]
    [InlineData("bandwidth by subnet")]
    [InlineData("host-device")]
    public void An_ADD_refused_any_one_call_succeeds_or_leaves_nothing(string type)
    {
        using var machine = new FaultyMachine(node => Config(node, type));
        machine.ForEach(
            machine.Record("ADD").Where(static call => call.Name != "close"),
            call => FailedCallTests.FailAdd(machine, call, "EIO", static fact => fact.Contains("forward", StringComparison.Ordinal))
        );
    }

    private static JsonObject Config(CniNode node, string type)
    {
        if (type.StartsWith("bandwidth", StringComparison.Ordinal))
            return Limits(node, type == "bandwidth" ? BandwidthNode.Both : BandwidthNode.BothBySubnet);
        if (type is "macvlan" or "host-device")
        {
            node.Tool("ip link add wire mtu 1400 type veth peer name beyond");
            node.Tool("ip link set wire alias uplink");
            node.Tool("ip addr add 192.0.2.1/24 dev wire");
            node.Tool("ip link set beyond up");
            node.Tool("ip link set wire up");
        }

        return node.BridgeConfig(config =>
        {
            config.Remove("bridge");
            config.Remove("isGateway");
            config["type"] = type;
            if (type == "macvlan")
                config["master"] = "wire";
            if (type == "host-device")
                config["device"] = "wire";
        });
    }

    // Each pod has its pair for good, and the result of the plugin before lists the ends of all.
    private static JsonObject Limits(CniNode node, string keys)
    {
        var interfaces = new JsonArray();
        using var host = RouteClient.Open(node.Namespace);
        foreach (var pod in node.Pods)
        {
            var name = $"end-{pod.ContainerId}";
            var peer = new VethPeer { Name = pod.IfName, NetNs = pod.Namespace.File };
            host.Links.Add(new VethSpec { Name = name, Peer = peer });
            interfaces.Add(new JsonObject { ["name"] = name });
        }

        var config = BandwidthNode.Config(keys);
        config["prevResult"] = new JsonObject { ["cniVersion"] = "1.0.0", ["interfaces"] = interfaces };
        return config;
    }
}
