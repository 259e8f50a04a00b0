using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>
/// Each system call of a node's first ADD is refused once: then ADD has done without it, or it says so in one document and the machine is
/// as it was before, without the bridge too.
/// </summary>
public sealed class FailedCallTests
{
    private static readonly string[] OfFiles = ["openat", "write", "mkdirat", "linkat", "utimensat"];
    private static readonly string[] Privileged = ["sendto", "setns", "openat", "socket", "linkat"];

    [KernelTheory]
    [InlineData("EIO", false)]
    [InlineData("EIO", true)]
    [InlineData("ENOSPC", false)]
    [InlineData("EPERM", false)]
    public void An_ADD_refused_any_one_call_succeeds_or_leaves_nothing(string error, bool dualStack)
    {
        using var machine = new FaultyMachine(dualStack);
        var calls = machine.Record("ADD").Where(call => Suits(call, error));
        machine.ForEach(calls, call => FailAdd(machine, call, error));
    }

    [KernelFact]
    public void An_ADD_refused_any_one_call_beside_an_executed_delegate_succeeds_or_leaves_nothing()
    {
        using var machine = new FaultyMachine(dualStack: false);
        machine.MakeDelegateForeign();
        machine.ForEach(
            machine.Record("ADD").Where(static (call, index) => index % 3 == 0 && Suits(call, "EIO")),
            call => FailAdd(machine, call, "EIO")
        );
    }

    [KernelFact]
    public void An_ADD_that_the_kernel_refuses_everything_from_some_call_on_is_released_by_its_DEL()
    {
        using var machine = new FaultyMachine(dualStack: false);
        string[] names = ["sendto", "recvfrom", "openat", "write", "setns", "flock", "unlinkat"];
        machine.ForEach(machine.Record("ADD").Where(call => names.Contains(call.Name)), call => FailFrom(machine, call));
    }

    private static bool Suits(SystemCall call, string error) =>
        error switch
        {
            "ENOSPC" => OfFiles.Contains(call.Name),
            "EPERM" => Privileged.Contains(call.Name),
            // A close that the kernel does not do is none that exists: close(2) frees the descriptor whatever it returns.
            _ => call.Name != "close",
        };

    /// <summary>What an ADD leaves, of which one call is refused.</summary>
    internal static IEnumerable<string> FailAdd(FaultyMachine machine, SystemCall call, string error, Func<string, bool>? stays = null)
    {
        machine.RemoveBridge();
        var before = machine.State();
        var output = machine.Inject(call, error, "ADD");
        if (output.ExitCode == 0)
        {
            machine.Pod.Result = output.Json;
            machine.Succeed("CHECK");
            machine.Succeed("DEL");
            machine.Pod.Result = null;
            return before.Difference(machine.State(), FaultyMachine.IsOfTheBridge);
        }

        // The result itself could not be written: no caller gets it, and the runtime's DEL follows.
        if (output.Output.Length == 0 && call.Name == "write" && output.ExitCode == 1)
        {
            machine.Succeed("DEL");
            return before.Difference(machine.State(), FaultyMachine.IsOfTheBridge);
        }

        var findings = new List<string>();
        if (!output.IsOneError)
            findings.Add($"exit code {output.ExitCode}: '{output.Output}' '{output.Error}'");
        findings.AddRange(before.Difference(machine.State(), stays).Select(difference => $"{difference} ({Message(output)})"));
        machine.Succeed("DEL");
        return findings;
    }

    private static IEnumerable<string> FailFrom(FaultyMachine machine, SystemCall call)
    {
        machine.RemoveBridge();
        var before = machine.State();
        machine.Inject(call, "EIO", "ADD", fromThereOn: true);
        machine.Succeed("DEL");
        foreach (var difference in before.Difference(machine.State(), FaultyMachine.IsOfTheBridge))
            yield return difference;
        machine.AddAndDeleteNext();
    }

    private static string Message(CniOutput output) => output.IsOneError ? output.Message : output.Output;
}
