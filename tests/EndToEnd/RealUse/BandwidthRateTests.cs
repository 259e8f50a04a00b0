using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;
using static Plugboard.Tests.EndToEnd.RealUse.BandwidthNode;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>What iperf3 measures through the limits: TCP in both directions, without the slow start.</summary>
public sealed class BandwidthRateTests
{
    public const double Rate = 40e6;

    // What of a full Ethernet frame is TCP's payload: the bucket counts frames.
    private const double Payload = 1448.0 / 1514;
    private const int Attempts = 4;

    private static readonly JsonObject limited = Config(
        """{"ingressRate":40000000,"ingressBurst":400000,"egressRate":40000000,"egressBurst":400000}"""
    );

    [KernelTheory]
    [InlineData(true, null)]
    [InlineData(false, null)]
    [InlineData(false, "clsact")]
    public void A_pods_rate_is_the_limit_within_five_percent_and_free_after_DEL(bool isToPod, string? foreign)
    {
        using var node = new CniNode();
        var pod = node.Attached();
        if (foreign is not null)
            node.Tool($"tc qdisc add dev {pod.HostEnd()} {foreign}");
        node.Call("ADD", pod, limited.After(pod)).Succeeded();
        AssertLimited(node, pod, isToPod);

        node.Call("DEL", pod, limited).Succeeded();
        Assert.True(Measure(node, pod, isToPod) > 2 * Rate, "the pod is as slow as before");
    }

    [KernelFact]
    public void Without_a_burst_the_rate_is_kept_with_one_of_its_own()
    {
        using var node = new CniNode();
        var pod = node.Attached();
        node.Call("ADD", pod, Config("""{"ingressRate":40000000}""").After(pod)).Succeeded();
        Assert.Contains("\"burst\":500000,\"lat\":25000", node.Traffic(pod), StringComparison.Ordinal);
        AssertLimited(node, pod, isToPod: true);
    }

    // kubelet's annotations have a rate alone, and runtimes pass a burst of 256 MB with it.
    [KernelFact]
    public void The_burst_of_a_runtime_is_cut_to_what_the_config_says()
    {
        using var node = new CniNode();
        var pod = node.Attached();
        var config = Config(
            """{"maxBurst":100,"latency":50,"runtimeConfig":{"bandwidth":{"ingressRate":100000000,"ingressBurst":2147483647}}}"""
        );
        node.Call("ADD", pod, config.After(pod)).Succeeded();
        Assert.Contains("\"burst\":1250000,\"lat\":50000", node.Traffic(pod), StringComparison.Ordinal);
        node.Call("CHECK", pod, config).Succeeded();
    }

    // What else the machine does makes one try slower, or has the receiver read in a moment what came in the one before.
    internal static void AssertLimited(CniNode node, CniPod pod, bool isToPod)
    {
        const double Expected = Rate * Payload;
        var closest = double.MaxValue;
        for (var i = 0; i < Attempts && Math.Abs(closest - Expected) > 0.05 * Expected; i++)
        {
            var measured = Measure(node, pod, isToPod);
            if (Math.Abs(measured - Expected) < Math.Abs(closest - Expected))
                closest = measured;
        }

        Assert.InRange(closest, 0.95 * Expected, 1.05 * Expected);
    }

    // In bits per second.
    internal static double Measure(CniNode node, CniPod pod, bool isToPod, string nodeAddress = "10.1.0.1")
    {
        var (server, client) = isToPod ? ((TestNamespace)pod, (TestNamespace)node) : (node, pod);
        var address = isToPod ? pod.Address : nodeAddress;
        var (output, measured) = ("", 0.0);
        Eventually.True(
            () =>
            {
                // It serves one test; while one waits for its client, another ends at once.
                server.Tool("iperf3 -s -1 -D --idle-timeout 60");
                (var exitCode, output, _) = client.TryTool(["timeout", "15", "iperf3", "-c", address, "-t", "2", "-O", "1", "-J"]);
                return exitCode == 0 && Received(output) is { } received && (measured = received) > 0;
            },
            () => output
        );
        return measured;
    }

    // Of a test whose end the server did not hear iperf3 knows no sum, and exits with 0 all the same.
    private static double? Received(string report) =>
        JsonNode.Parse(report)?["end"]?["sum_received"]?["bits_per_second"]?.GetValue<double>();
}
