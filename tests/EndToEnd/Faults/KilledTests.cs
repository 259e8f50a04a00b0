using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>
/// A plugin that is killed at any of its system calls leaves nothing that its DEL, and the next ADD, do not repair. It is killed before
/// the call is done, so what a call did is seen with the next one; between two calls that change something every tenth of the others stands
/// for all.
/// </summary>
public sealed class KilledTests
{
    [KernelTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_ADD_killed_at_any_call_is_released_by_its_DEL_and_the_next_ADD_works(bool dualStack)
    {
        using var machine = new FaultyMachine(dualStack);
        machine.KillEachAdd();
        Assert.True(machine.Kills > 45, $"only {machine.Kills}");
    }

    [KernelFact]
    public void An_ADD_killed_while_its_executed_delegate_works_is_released_by_its_DEL()
    {
        using var machine = new FaultyMachine(dualStack: false);
        machine.MakeDelegateForeign();
        machine.ForEach(Strace.WhereStatesDiffer(machine.Record("ADD")).Where(static (_, index) => index % 2 == 0), machine.KillAdd);
    }

    [KernelTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_DEL_killed_at_any_call_is_ended_by_the_next_DEL(bool dualStack)
    {
        using var machine = new FaultyMachine(dualStack);
        machine.KillEachDel();
    }

    [KernelFact]
    public void A_DEL_killed_while_its_executed_delegate_works_is_ended_by_the_next_DEL()
    {
        using var machine = new FaultyMachine(dualStack: false);
        machine.MakeDelegateForeign();
        machine.Succeed("ADD");
        machine.ForEach(
            Strace.WhereStatesDiffer(machine.Record("DEL")).Where(static (_, index) => index % 2 == 0),
            call => machine.KillDel(call)
        );
    }

    [KernelFact]
    public void A_call_killed_while_it_makes_a_snapshot_of_the_owners_is_ended_by_the_next_DEL()
    {
        string[] changing = ["openat", "write", "linkat", "unlinkat", "utimensat", "ftruncate"];
        using var machine = new FaultyMachine(dualStack: true);
        machine.Succeed("ADD");
        machine.FillLog();
        var ofDel = machine.Record("DEL");
        Assert.True(machine.HasSnapshot());
        machine.FillLog();
        var ofAdd = machine.Record("ADD");
        Assert.True(machine.HasSnapshot());
        machine.ForEach(ofDel.Where(call => changing.Contains(call.Name)), call => machine.KillDel(call, machine.FillLog));
        machine.ForEach(ofAdd.Where(call => changing.Contains(call.Name)), call => KillAddWithFullLog(machine, call));
    }

    private static IEnumerable<string> KillAddWithFullLog(FaultyMachine machine, SystemCall call)
    {
        var before = machine.State();
        machine.FillLog();
        machine.Kill(call, "ADD");
        machine.Succeed("DEL");
        foreach (var difference in before.Difference(machine.State()))
            yield return difference;
        machine.AddAndDeleteNext();
        foreach (var difference in before.Difference(machine.State()))
            yield return "after the next pod: " + difference;
    }
}
