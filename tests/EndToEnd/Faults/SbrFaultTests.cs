using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>sbr, killed and refused at each of its system calls.</summary>
public sealed class SbrFaultTests
{
    private const string IPs =
        """[{"address":"192.168.1.209/24","gateway":"192.168.1.1"},{"address":"fd00:1::5/64","gateway":"fd00:1::1"}]""";

    [KernelFact]
    public void An_ADD_killed_at_any_call_is_released_by_its_DEL_and_the_next_ADD_works()
    {
        using var node = new CniNode();
        var pod = Uplinks.Of(node, IPs);
        var config = Uplinks.Config("{}", IPs);
        var rules = Uplinks.Rules(pod);
        ForEach(
            node,
            pod,
            config,
            call =>
            {
                Fault.Inject(node, call, Fault.Kill, "ADD", pod, config);
                node.CallBeside("DEL", pod, config).Succeeded();
                Assert.Equal(rules, Uplinks.Rules(pod));
                Assert.Equal("", pod.TryTool(["ip", "route", "show", "table", "100"]).Output);
                Uplinks.Renew(pod, IPs);
                node.CallBeside("ADD", pod, config).Succeeded();
                node.CallBeside("CHECK", pod, config).Succeeded();
                Assert.Contains("lookup 100", pod.Tool("ip rule"), StringComparison.Ordinal);
            }
        );
    }

    [KernelFact]
    public void An_ADD_refused_any_one_call_succeeds_or_leaves_everything_as_it_was()
    {
        using var node = new CniNode();
        var pod = Uplinks.Of(node, IPs);
        var config = Uplinks.Config("{}", IPs);
        ForEach(
            node,
            pod,
            config,
            call =>
            {
                var before = Uplinks.State(pod);
                var output = Fault.Inject(node, call, "EIO", "ADD", pod, config);
                if (output.ExitCode == 0)
                    node.CallBeside("CHECK", pod, config).Succeeded();
                else if (call.Name != "write")
                    Assert.True(before == Uplinks.State(pod), $"{call}: {output.Output}{Uplinks.State(pod)}");
            }
        );
    }

    // Before each call the interface is as at first.
    private static void ForEach(CniNode node, CniPod pod, JsonObject config, Action<SystemCall> attempt)
    {
        var calls = Strace.Record(node, "ADD", pod, config).Where(static call => call.Name != "close").ToArray();
        Assert.True(calls.Length > 20, "strace told no system calls");
        foreach (var call in Strace.WhereStatesDiffer(calls))
        {
            node.CallBeside("DEL", pod, config).Succeeded();
            pod.Result = null;
            Uplinks.Renew(pod, IPs);
            attempt(call);
        }
    }
}
