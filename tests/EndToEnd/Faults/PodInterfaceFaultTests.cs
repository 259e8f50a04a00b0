using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>ptp, a link above a master, a tap device and a device of the node, killed and refused at each of their system calls.</summary>
public sealed class PodInterfaceFaultTests
{
    [KernelTheory]
    [InlineData("ptp")]
    [InlineData("macvlan")]
    [InlineData("tap")]
    [InlineData("host-device")]
    public void An_ADD_killed_at_any_call_is_released_by_its_DEL_and_the_next_ADD_works(string type)
    {
        using var machine = new FaultyMachine(node => Config(node, type));
        machine.KillEachAdd();
    }

    [KernelTheory]
    [InlineData("ptp")]
    [InlineData("macvlan")]
    [InlineData("tap")]
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
}
