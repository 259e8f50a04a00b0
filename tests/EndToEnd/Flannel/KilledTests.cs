using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Faults;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Flannel;

/// <summary>
/// flannel is killed, or refused, at each of its system calls: what it did is undone by its DEL, and the next pod's calls go well.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class KilledTests
{
    [KernelFact]
    public void An_ADD_killed_at_any_call_is_released_by_its_DEL()
    {
        using var machine = Machine();
        machine.KillEachAdd();
    }

    [KernelFact]
    public void A_DEL_killed_at_any_call_is_ended_by_the_next_DEL()
    {
        using var machine = Machine();
        machine.KillEachDel();
    }

    [KernelTheory]
    [InlineData("EIO")]
    [InlineData("ENOSPC")]
    public void An_ADD_refused_any_one_call_succeeds_or_is_released_by_its_DEL(string error)
    {
        using var machine = Machine();
        string[] ofFiles = ["openat", "write", "mkdirat", "linkat", "pread64"];
        var calls = machine
            .Record("ADD")
            .Where(call => error == "ENOSPC" ? ofFiles.Contains(call.Name) : call.Name is not ("close" or "vfork" or "clone" or "clone3"));
        machine.ForEach(calls, call => FailAdd(machine, call, error));
    }

    private static FaultyMachine Machine() =>
        new(static node =>
        {
            var subnet = Path.Combine(node.Directory, "subnet.env");
            File.WriteAllText(subnet, FlannelNode.DualStack);
            return new JsonObject
            {
                ["cniVersion"] = "1.0.0",
                ["name"] = "test",
                ["type"] = "flannel",
                ["subnetFile"] = subnet,
                // Where the states of the machine are compared.
                ["dataDir"] = Path.Combine(node.DataDirectory, "flannel"),
                ["ipam"] = new JsonObject { ["dataDir"] = node.DataDirectory },
            };
        });

    private static IEnumerable<string> FailAdd(FaultyMachine machine, SystemCall call, string error)
    {
        machine.RemoveBridge();
        var before = machine.State();
        var output = machine.Inject(call, error, "ADD");
        if (output.ExitCode == 0)
        {
            machine.Pod.Result = output.Json;
            machine.Succeed("CHECK");
        }
        else if (output.Output.Length > 0 && !output.IsOneError)
        {
            yield return $"exit code {output.ExitCode}: '{output.Output}' '{output.Error}'";
        }

        machine.WaitForOrphans();
        machine.Succeed("DEL");
        machine.Pod.Result = null;
        foreach (var difference in before.Difference(machine.State(), FaultyMachine.IsOfTheBridge))
            yield return difference;
    }
}
