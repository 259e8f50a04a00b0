using System.Globalization;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>
/// A node without a battery starts in the past, and NTP sets its clock. The kernel then says that the boot was years later than the leases
/// of living pods. Here a namespace of clocks moves the boot, as it moves where the clock is set.
/// </summary>
public sealed class SetClockTests
{
    [KernelFact]
    public void Leases_of_this_boot_are_not_taken_for_those_of_an_earlier_one()
    {
        using var node = new CniNode();
        node.Tool("mount -t tmpfs none /run");
        var config = node.BridgeConfig();
        config["ipam"]!["ranges"]![0]![0]!["subnet"] = "10.1.0.0/30";
        var input = config.ToJsonString();
        var pod = node.AddPod();
        Assert.Equal(0, node.CallRaw("ADD", pod, "host-local", input, []).ExitCode);
        // The kernel has the boot to the second.
        var written = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        Eventually.True(() => Boot(node) > written, () => $"the boot is at {Boot(node)}, the lease of {written}");

        var again = node.CallRaw("ADD", pod, "host-local", input, LaterBoot());
        Assert.Contains("10.1.0.2 has been allocated to pod0", again.Message, StringComparison.Ordinal);
        var full = node.CallRaw("ADD", node.AddPod(), "host-local", input, LaterBoot());
        Assert.Equal(11, full.Code);
        Assert.DoesNotContain("older than the last boot", full.Details, StringComparison.Ordinal);
    }

    // Of a second ago: nothing has an age below zero.
    private static string[] LaterBoot()
    {
        var uptime = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
        return ["unshare", "--time", "--fork", "--boottime", $"-{(long)uptime - 1}"];
    }

    private static long Boot(CniNode node) =>
        long.Parse(node.Tool($"{string.Join(' ', LaterBoot())} sed -n s/^btime.//p /proc/stat"), CultureInfo.InvariantCulture);
}
