using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;
using Plugboard.Tests.EndToEnd.RealUse;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>firewall, and the tools that it runs, killed and refused at each of their system calls.</summary>
public sealed class FirewallFaultTests
{
    private static readonly string[] Telling =
    [
        "openat",
        "write",
        "mkdirat",
        "linkat",
        "unlinkat",
        "sendto",
        "sendmsg",
        "recvfrom",
        "recvmsg",
        "socket",
        "pread64",
        "flock",
        "pipe2",
    ];

    [KernelTheory]
    [InlineData("open", "nft")]
    [InlineData("open", "legacy")]
    [InlineData("same-bridge", "nft")]
    public void An_ADD_killed_at_any_call_is_released_by_its_DEL_and_the_next_ADD_works(string policy, string variant)
    {
        using var machine = new Machine(policy, variant);
        machine.ForEach(Strace.WhereStatesDiffer(machine.Record("ADD")), machine.KillAdd);
        Assert.True(machine.Kills > 10, $"only {machine.Kills} were killed");
    }

    [KernelTheory]
    [InlineData("open", "nft")]
    [InlineData("open", "legacy")]
    [InlineData("same-bridge", "nft")]
    public void A_DEL_killed_at_any_call_is_ended_by_the_next_DEL(string policy, string variant)
    {
        using var machine = new Machine(policy, variant);
        machine.Succeed("ADD");
        machine.ForEach(Strace.WhereStatesDiffer(machine.Record("DEL")), machine.KillDel);
        Assert.True(machine.Kills > 10, $"only {machine.Kills} were killed");
    }

    [KernelTheory]
    [InlineData("EIO", "open", "nft")]
    [InlineData("EIO", "open", "legacy")]
    [InlineData("EIO", "same-bridge", "nft")]
    [InlineData("EPERM", "same-bridge", "nft")]
    public void An_ADD_refused_any_one_call_succeeds_or_leaves_nothing(string error, string policy, string variant)
    {
        using var machine = new Machine(policy, variant);
        // Of the tools' files each is like the others.
        var calls = machine.Record("ADD").Where(static call => Telling.Contains(call.Name) && (call.Number < 12 || call.Number % 5 == 0));
        machine.ForEach(calls, call => machine.FailAdd(call, error));
    }

    /// <summary>A node with a pod whose calls go wrong, and a neighbour on another bridge who is to notice nothing.</summary>
    private sealed class Machine : IDisposable
    {
        private readonly FirewallNode node = new();
        private readonly CniPod pod;
        private readonly JsonObject config;
        private readonly IReadOnlyList<string> clean;
        private readonly string rules;

        public Machine(string policy, string variant)
        {
            rules = $"-{variant}";
            node.UseVariant(variant);
            var keys = $$"""{"backend":"iptables","ingressPolicy":"{{policy}}"}""";
            pod = node.Attach();
            node.Call("ADD", node.Attach(), keys).Succeeded();
            config = FirewallNode.Config(pod, keys);
            config["prevResult"] = pod.Result!.DeepClone();
            clean = State();
        }

        public int Kills { get; private set; }

        public IReadOnlyList<SystemCall> Record(string verb)
        {
            var calls = Strace.Record(node.Node, verb, pod, config);
            Succeed("DEL");
            return calls;
        }

        public void Succeed(string verb) => Run(verb).Succeeded();

        private CniOutput Run(string verb) => node.Node.RunBeside(verb, pod, "firewall", config.ToJsonString(), []);

        public void ForEach(IEnumerable<SystemCall> calls, Func<SystemCall, IEnumerable<string>> attempt) =>
            Strace.ForEach(calls, attempt, recover: () => Run("DEL"));

        private CniOutput Inject(SystemCall call, string fault, string verb) => Fault.Inject(node.Node, call, fault, verb, pod, config);

        private void Kill(SystemCall call, string verb)
        {
            if (Inject(call, Fault.Kill, verb).ExitCode != 0)
                Kills++;
        }

        public IEnumerable<string> KillAdd(SystemCall call)
        {
            Kill(call, "ADD");
            Succeed("DEL");
            foreach (var difference in Difference())
                yield return difference;
            Succeed("ADD");
            Succeed("CHECK");
            Succeed("DEL");
        }

        // Some runtimes repeat a DEL without the result of the ADD.
        public IEnumerable<string> KillDel(SystemCall call)
        {
            Succeed("ADD");
            Kill(call, "DEL");
            var bare = (JsonObject)config.DeepClone();
            bare.Remove("prevResult");
            node.Node.RunBeside("DEL", pod, "firewall", bare.ToJsonString(), []).Succeeded();
            return Difference();
        }

        public IEnumerable<string> FailAdd(SystemCall call, string error)
        {
            var output = Inject(call, error, "ADD");
            var findings = new List<string>();
            if (output.ExitCode == 0)
            {
                Succeed("CHECK");
                Succeed("DEL");
            }
            else if (output.Output.Length == 0 && call.Name == "write" && output.ExitCode == 1)
            {
                // The result itself could not be written: no caller gets it, and the runtime's DEL follows.
                Succeed("DEL");
            }
            else if (!output.IsOneError)
            {
                findings.Add($"exit code {output.ExitCode}: '{output.Output}' '{output.Error}'");
            }

            // The tools that take it back are refused the same call: then the pod keeps its record, and its DEL ends it.
            if (output.Error.Contains("cannot take back the rules", StringComparison.Ordinal))
                Succeed("DEL");
            findings.AddRange(Difference().Select(each => $"{each} ({output.Output.ReplaceLineEndings(" ")} {output.Error})"));
            Succeed("DEL");
            return findings;
        }

        // Killed tools may end a moment later than the plugin.
        private List<string> Difference()
        {
            var difference = Compare();
            for (var i = 0; i < 20 && difference.Count > 0; i++)
            {
                node.Node.Tool("sleep 0.02");
                difference = Compare();
            }

            return difference;
        }

        private List<string> Compare()
        {
            var now = State();
            return [.. clean.Except(now).Select(static fact => "- " + fact), .. now.Except(clean).Select(static fact => "+ " + fact)];
        }

        private string[] State() =>
            [
                .. node.Rules(rules).Split('\n'),
                .. node.Records().Split('\n').Select(static record => "record " + record),
                .. node.Node.TryTool(["sh", "-c", "nft list table inet plugboard_firewall | grep elements; exit 0"]).Output.Split('\n'),
            ];

        public void Dispose() => node.Dispose();
    }
}
