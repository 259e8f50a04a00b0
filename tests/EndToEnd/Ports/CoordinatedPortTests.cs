using System.Diagnostics;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>
/// The published coordinator beside the published plugins: flushed rules of pods are back at once, and pods come and go
/// as without it.
/// </summary>
public sealed class CoordinatedPortTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Promptly = TimeSpan.FromSeconds(1);

    private readonly PortNode node = new(bridge: static bridge =>
    {
        bridge["ipMasq"] = true;
        bridge["macspoofchk"] = true;
    });

    private string? process;

    private string LogFile => Path.Combine(node.Node.Directory, "coordinator.log");

    [KernelFact]
    public void Published_ports_answer_again_within_a_second_of_a_flush()
    {
        CniPod[] pods = [node.AddPod("8080:80", "8080:80/udp"), node.AddPod("8081:80")];
        Start();

        foreach (
            var damage in (string[])["flush ruleset", "delete table inet plugboard_portmap", "flush map inet plugboard_portmap ports4"]
        )
        {
            Timing.Within(
                Promptly,
                () =>
                {
                    node.Node.Tool("nft " + damage);
                    return Until(() => node.Other.AskTcp("192.0.2.1:8080") == "192.0.2.2", damage);
                }
            );
            Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8081"));
            Assert.Equal("192.0.2.2", node.Other.AskUdp("192.0.2.1:8080"));
            Assert.Equal("10.1.0.1", node.Node.AskTcp("127.0.0.1:8080"));
        }

        node.Chain.Check(pods[0], PortNode.Ports("8080:80", "8080:80/udp")).Succeeded();
        node.Chain.Check(pods[1], PortNode.Ports("8081:80")).Succeeded();
        node.Chain.Del(pods[0], PortNode.Ports("8080:80", "8080:80/udp")).Succeeded();
        node.Chain.Del(pods[1], PortNode.Ports("8081:80")).Succeeded();
        node.AssertNoPodLeft();
    }

    [KernelFact]
    public void Pods_that_come_and_go_have_nothing_put_back()
    {
        Start();
        for (var round = 0; round < 3; round++)
        {
            var pod = node.AddPod("8080:80");
            Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
            node.Chain.Del(pod, PortNode.Ports("8080:80")).Succeeded();
        }

        node.AssertNoPodLeft();
        Assert.DoesNotContain("pods:", Log(), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Plan_tells_what_is_missing_apply_puts_it_back_and_cleanup_leaves_it()
    {
        var pod = node.AddPod("8080:80");
        Assert.Equal(
            "",
            Coordinator("plan")
                .Output.Replace("routes: replace sysctl net.ipv6.conf.all.forwarding=1\n", "", StringComparison.Ordinal)
                .Replace("all is as it should be\n", "", StringComparison.Ordinal)
        );
        node.Node.Tool("nft flush ruleset");

        var (exitCode, output) = Coordinator("plan");
        Assert.Equal(2, exitCode);
        Assert.Contains("pods: add table inet plugboard_portmap", output, StringComparison.Ordinal);
        Assert.Contains("pods: add element inet plugboard_portmap ports4 { tcp . 8080 comment", output, StringComparison.Ordinal);
        Assert.Contains("pods: add element bridge plugboard_macspoof checked_links", output, StringComparison.Ordinal);
        Assert.DoesNotContain("pods:", Coordinator("plan", "--restore-pods=false").Output, StringComparison.Ordinal);
        Assert.Contains("pods: add element", Coordinator("audit").Output, StringComparison.Ordinal);
        Assert.Equal("", node.Ruleset());

        Assert.Equal(0, Coordinator("apply").ExitCode);
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
        Assert.DoesNotContain("pods", Coordinator("cleanup").Output, StringComparison.Ordinal);
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
        node.Chain.Check(pod, PortNode.Ports("8080:80")).Succeeded();
    }

    [KernelFact]
    public void A_UDP_client_that_the_node_itself_refused_meanwhile_finds_the_pod_again()
    {
        node.AddPod("5353:80/udp");
        node.Node.Tool("nft flush map inet plugboard_portmap ports4");
        Assert.Equal("refused", node.Other.AskUdp("192.0.2.1:5353", 40_000));

        Assert.Equal(0, Coordinator("apply").ExitCode);

        Assert.Equal("192.0.2.2", node.Other.AskUdp("192.0.2.1:5353", 40_000));
    }

    private static string CommandLine(string verb) =>
        $"{Path.Combine(PluginDirectory.Ours, "coordinator")} {verb} --source none --node-name n1 --iface eth1";

    private (int ExitCode, string Output) Coordinator(string verb, string more = "")
    {
        var (exitCode, output, error) = node.Node.TryTool(["sh", "-c", $"{CommandLine(verb)} {more}"]);
        Assert.Equal("", error);
        return (exitCode, output);
    }

    // It ends though this test's process be killed.
    private void Start()
    {
        process = node.Node.TryTool(["sh", "-c", $"timeout 120 {CommandLine("run")} > {LogFile} 2>&1 < /dev/null & echo $!"]).Output.Trim();
        Until(() => Log().Contains("other nodes are reached by eth1", StringComparison.Ordinal), "it has started");
    }

    private string Log() => File.Exists(LogFile) ? File.ReadAllText(LogFile) : "";

    private TimeSpan Until(Func<bool> isSo, string what)
    {
        var clock = Stopwatch.StartNew();
        using var pause = new ManualResetEventSlim();
        while (!isSo())
        {
            Assert.True(clock.Elapsed < Patience, $"not so: {what}\n{Log()}");
            pause.Wait(TimeSpan.FromMilliseconds(5));
        }

        return clock.Elapsed;
    }

    public void Dispose()
    {
        if (process is not null)
            node.Node.Tool("kill " + process);
        node.Dispose();
    }
}
