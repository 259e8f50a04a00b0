using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>
/// Each system call of an ADD with rules is refused once: ADD has done without it, or says so in one document and no pod has anything more
/// than before.
/// </summary>
public sealed class PortFailedCallTests
{
    private static readonly string[] OfFiles = ["openat", "write", "mkdirat", "linkat"];
    private static readonly string[] Privileged = ["sendto", "openat", "socket", "linkat"];

    [KernelTheory]
    [InlineData("EIO", "", true)]
    [InlineData("EIO", "ip saddr 192.0.2.0/24", false)]
    [InlineData("ENOSPC", "", false)]
    [InlineData("EPERM", "", true)]
    public void A_portmap_ADD_refused_any_one_call_succeeds_or_leaves_nothing(string error, string conditions, bool isFresh)
    {
        using var machine = new FaultyPorts("portmap", conditions, isFresh);
        machine.ForEach(machine.Record("ADD").Where(call => Suits(call, error)), call => FailAdd(machine, call, error));
    }

    [KernelTheory]
    [InlineData("EIO")]
    [InlineData("EPERM")]
    public void A_bridge_ADD_with_rules_refused_every_second_call_once_succeeds_or_leaves_nothing(string error)
    {
        using var machine = new FaultyPorts("bridge");
        // bridge without rules is refused each of its calls elsewhere.
        machine.ForEach(
            machine.Record("ADD").Where(call => Suits(call, error)).Where(static (_, index) => index % 2 == 1),
            call => FailAdd(machine, call, error)
        );
    }

    private static bool Suits(SystemCall call, string error) =>
        error switch
        {
            "ENOSPC" => OfFiles.Contains(call.Name),
            "EPERM" => Privileged.Contains(call.Name),
            // What close(2) returns changes nothing.
            _ => call.Name != "close" && FaultyPorts.IsOfRules(call),
        };

    private static IEnumerable<string> FailAdd(FaultyPorts machine, SystemCall call, string error)
    {
        machine.Reset();
        var localhost = machine.RouteLocalnet();
        var output = machine.Inject(call, error, "ADD");
        var findings = new List<string>();
        if (output.ExitCode == 0)
        {
            machine.Pod.Result = output.Json;
            machine.Succeed("CHECK");
            machine.Succeed("DEL");
        }
        else if (output.Output.Length == 0 && call.Name == "write" && output.ExitCode == 1)
        {
            // The result itself could not be written: no caller gets it, and the runtime's DEL follows.
            machine.Succeed("DEL");
        }
        else if (!output.IsOneError)
        {
            findings.Add($"exit code {output.ExitCode}: '{output.Output}' '{output.Error}'");
        }
        else if (machine.RouteLocalnet() != localhost)
        {
            findings.Add($"route_localnet was {localhost}, is {machine.RouteLocalnet()} ({output.Message})");
        }

        machine.Forget();
        findings.AddRange(machine.Leftovers().Select(each => $"{each} ({output.ExitCode}: {output.Output.ReplaceLineEndings(" ")})"));
        machine.Succeed("DEL");
        machine.Forget();
        return findings;
    }
}
