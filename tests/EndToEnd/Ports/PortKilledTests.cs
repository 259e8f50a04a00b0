using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>
/// portmap, and bridge with rules, killed at any of their system calls: DEL takes all away, the next pod gets the port, the neighbour keeps
/// his.
/// </summary>
public sealed class PortKilledTests
{
    private const string Conditions = "ip saddr 192.0.2.0/24";

    [KernelTheory]
    [InlineData("", false)]
    [InlineData("", true)]
    [InlineData(Conditions, false)]
    public void A_portmap_ADD_killed_at_any_call_is_released_by_its_DEL(string conditions, bool isFresh)
    {
        using var machine = new FaultyPorts("portmap", conditions, isFresh);
        List<SystemCall> calls = [.. Strace.WhereStatesDiffer(machine.Record("ADD")).Where(FaultyPorts.IsOfRules)];
        machine.ForEach(calls, call => KillAdd(machine, call));
        Assert.True(machine.Kills > calls.Count * 2 / 3, $"only {machine.Kills} of {calls.Count} were killed");
    }

    [KernelTheory]
    [InlineData("")]
    [InlineData(Conditions)]
    public void A_portmap_DEL_killed_at_any_call_is_ended_by_the_next_DEL(string conditions)
    {
        using var machine = new FaultyPorts("portmap", conditions);
        machine.Succeed("ADD");
        List<SystemCall> calls = [.. Strace.WhereStatesDiffer(machine.Record("DEL")).Where(FaultyPorts.IsOfRules)];
        machine.ForEach(calls, call => KillDel(machine, call));
        Assert.True(machine.Kills > calls.Count * 2 / 3, $"only {machine.Kills} of {calls.Count} were killed");
    }

    [KernelFact]
    public void A_bridge_ADD_with_rules_killed_at_any_call_is_released_by_its_DEL()
    {
        using var machine = new FaultyPorts("bridge");
        machine.ForEach(Strace.WhereStatesDiffer(machine.Record("ADD")).Where(FaultyPorts.IsOfRules), call => KillAdd(machine, call));
        Assert.True(machine.Kills > 25, $"only {machine.Kills} were killed");
    }

    [KernelFact]
    public void A_bridge_DEL_with_rules_killed_at_any_call_is_ended_by_the_next_DEL()
    {
        using var machine = new FaultyPorts("bridge");
        machine.Succeed("ADD");
        machine.ForEach(Strace.WhereStatesDiffer(machine.Record("DEL")).Where(FaultyPorts.IsOfRules), call => KillDel(machine, call));
        Assert.True(machine.Kills > 10, $"only {machine.Kills} were killed");
    }

    private static IEnumerable<string> KillAdd(FaultyPorts machine, SystemCall call)
    {
        machine.Reset();
        machine.Kill(call, "ADD");
        machine.Succeed("DEL");
        machine.Forget();
        return machine.Leftovers();
    }

    private static IEnumerable<string> KillDel(FaultyPorts machine, SystemCall call)
    {
        machine.Succeed("ADD");
        machine.MeetClient();
        machine.Kill(call, "DEL");
        machine.Succeed("DEL");
        machine.Forget();
        return machine.Leftovers();
    }
}
