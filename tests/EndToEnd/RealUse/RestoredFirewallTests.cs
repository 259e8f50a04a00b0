using System.Diagnostics;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>A coordinator that runs beside firewall: what a flush or a reload takes is back at once.</summary>
public sealed class RestoredFirewallTests : IDisposable
{
    private const string Firewalld = """{"backend":"firewalld"}""";
    private const string SameBridge = """{"backend":"iptables","ingressPolicy":"same-bridge"}""";

    private static readonly TimeSpan patience = TimeSpan.FromSeconds(20);

    private readonly FirewallNode node = new();
    private string? process;

    private string LogFile => Path.Combine(node.Node.Directory, "coordinator.log");

    [KernelFact]
    public void What_is_flushed_and_what_firewalld_forgets_is_back_long_before_the_next_audit()
    {
        using var firewalld = new ScriptedFirewalld(node.Node);
        node.Node.Variables = [firewalld.Variable];
        var (one, other) = (node.Attach(isDualStack: true), node.Attach());
        node.Call("ADD", one).Succeeded();
        node.Call("ADD", other, Firewalld).Succeeded();
        // As firewalld has it.
        const string Table =
            "table inet firewalld { chain filter_FORWARD { type filter hook forward priority 10; ct state invalid drop; }; }";
        Shell($"nft '{Table}'");
        Start(firewalld.Variable);

        foreach (
            var damage in (string[])
                [
                    "iptables -F; iptables -X",
                    "ip6tables -F FORWARD",
                    "iptables -F CNI-FORWARD",
                    "printf '*filter\\n:FORWARD ACCEPT [0:0]\\nCOMMIT\\n' | iptables-restore",
                    "nft flush ruleset",
                ]
        )
        {
            Shell(damage);
            Until(() => node.Call("CHECK", one).ExitCode == 0, damage);
        }

        firewalld.Sources.Clear();
        Shell($"nft '{Table}'");
        Shell("nft flush chain inet firewalld filter_FORWARD");
        Until(() => node.Call("CHECK", other, Firewalld).ExitCode == 0, "the reload");
    }

    [KernelFact]
    public void Pods_that_come_and_go_have_nothing_put_back()
    {
        var stays = node.Attach();
        node.Call("ADD", stays, SameBridge).Succeeded();
        Start();
        for (var round = 0; round < 3; round++)
        {
            var pod = node.Node.AddPod();
            pod.Result = stays.Result!.DeepClone();
            pod.Result["ips"]![0]!["address"] = $"10.1.0.{100 + round}/24";
            node.Call("ADD", pod, SameBridge).Succeeded();
            node.Call("DEL", pod, SameBridge).Succeeded();
        }

        node.Node.Tool("iptables -F CNI-FORWARD");
        Until(() => node.Call("CHECK", stays, SameBridge).ExitCode == 0, "the flush");
        Assert.DoesNotContain("10.1.0.10", Log(), StringComparison.Ordinal);
    }

    // As on a kernel without nftables: the record says so.
    [KernelFact]
    public void A_policy_that_iptables_has_is_restored_before_what_is_accepted()
    {
        var (one, other) = (node.Attach(), node.Attach());
        node.Call("ADD", one, SameBridge).Succeeded();
        node.Call("ADD", other, SameBridge).Succeeded();
        Shell("for r in /run/plugboard/firewall/*; do test -d $r || echo policy-by iptables >> $r; done");
        node.Node.Tool("nft delete table inet plugboard_firewall");
        Assert.True(FirewallNode.Reaches(one, other));
        Apply();
        var rules = node.Rules();
        Assert.Contains("-A CNI-ISOLATION-STAGE-2 -o br1", rules, StringComparison.Ordinal);
        Assert.Contains("-A CNI-ISOLATION-STAGE-2 -o br2", rules, StringComparison.Ordinal);
        Assert.False(FirewallNode.Reaches(one, other));
        node.Call("CHECK", one, SameBridge).Succeeded();

        // Only the jump to what is accepted goes: made again, it would be the first.
        Shell("iptables -D FORWARD -m comment --comment 'CNI firewall plugin rules' -j CNI-FORWARD");
        Apply();
        Assert.False(FirewallNode.Reaches(one, other));
        var forward = node.Rules()
            .Split('\n')
            .Where(static line => line.StartsWith("-A FORWARD", StringComparison.Ordinal))
            .Take(2)
            .ToList();
        Assert.EndsWith("-j CNI-ISOLATION-STAGE-1", forward[0], StringComparison.Ordinal);
        Assert.EndsWith("-j CNI-FORWARD", forward[1], StringComparison.Ordinal);
        Assert.Equal("", Apply());
        node.Call("DEL", one, SameBridge).Succeeded();
        node.Call("DEL", other, SameBridge).Succeeded();
        Assert.DoesNotContain("-j ACCEPT", node.Rules(), StringComparison.Ordinal);
        Assert.DoesNotContain("CNI-ISOLATION", node.Rules(), StringComparison.Ordinal);
    }

    private void Shell(string script)
    {
        var (exitCode, output, error) = node.Node.TryTool(["sh", "-ec", script]);
        Assert.True(exitCode == 0, $"{script}: {output}{error}");
    }

    private static string Coordinator => Path.Combine(PluginDirectory.Ours, "coordinator");

    private string Apply()
    {
        var (exitCode, output, error) = node.Node.TryTool([Coordinator, "apply", "--source", "none"]);
        Assert.True(exitCode == 0, output + error);
        return string.Join('\n', output.Split('\n').Where(static line => line.StartsWith("pods:", StringComparison.Ordinal)));
    }

    // It ends though this test's process be killed.
    private void Start(string variable = "NONE=")
    {
        node.Node.Tool("ip link add up0 type veth peer name far0");
        node.Node.Tool("ip addr add 192.0.2.2/24 dev up0");
        node.Node.Tool("ip link set up0 up");
        node.Node.Tool("ip link set far0 up");
        var run = $"env {variable} timeout 120 {Coordinator} run --source none --node-name n1 --iface up0";
        process = node.Node.TryTool(["sh", "-c", $"{run} > {LogFile} 2>&1 < /dev/null & echo $!"]).Output.Trim();
        Until(() => Log().Contains("other nodes are reached by up0", StringComparison.Ordinal), "it has started");
    }

    private string Log() => File.Exists(LogFile) ? File.ReadAllText(LogFile) : "";

    private void Until(Func<bool> isSo, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!isSo())
            Assert.True(clock.Elapsed < patience, $"not so: {what}\n{Log()}");
    }

    public void Dispose()
    {
        if (process is not null)
            node.Node.Tool("kill " + process);
        node.Dispose();
    }
}
