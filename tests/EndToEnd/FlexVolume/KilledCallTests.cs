using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.FlexVolume;

/// <summary>
/// A call that is killed before any of its system calls is repaired by the same call again, and nothing is left of it after that.
/// </summary>
[Collection("loop devices")]
public sealed class KilledCallTests : IDisposable
{
    private readonly FlexNode node = new();

    [KernelTheory]
    [InlineData("plugboard~local", "")]
    [InlineData("plugboard~tmpfs", "\"size\":\"1Mi\"")]
    [InlineData("plugboard~loop", "\"file\":\"ns/a.img\",\"size\":\"16Mi\"")]
    [InlineData("nodeagent~uds", "")]
    public void A_mount_killed_at_any_call_is_ended_by_the_next(string driver, string members)
    {
        var before = node.State();
        var target = node.Mount(driver, members);
        var mounted = node.State();
        Succeed(driver, "unmount", target);
        var kills = ForEachCall(
            driver,
            ["mount", target, FlexNode.Options(members)],
            () =>
            {
                node.Call(driver, "mount", target, FlexNode.Options(members)).Succeeded();
                Assert.Equal(mounted, node.State());
                Succeed(driver, "unmount", target);
                Assert.Equal(before, node.State());
            }
        );
        Assert.True(kills > 12, $"{kills} kills");
        Assert.DoesNotContain(
            node.Shell("find /var/lib/flexvolume -type f 2> /dev/null || true").Split('\n'),
            static file => file.Contains("/.", StringComparison.Ordinal)
        );
    }

    [KernelTheory]
    [InlineData("plugboard~local", "")]
    [InlineData("plugboard~tmpfs", "\"size\":\"1Mi\"")]
    [InlineData("plugboard~loop", "\"file\":\"ns/a.img\",\"size\":\"16Mi\"")]
    [InlineData("nodeagent~uds", "")]
    public void An_unmount_killed_at_any_call_is_ended_by_the_next(string driver, string members)
    {
        var before = node.State();
        var target = node.Mount(driver, members);
        var kills = ForEachCall(
            driver,
            ["unmount", target],
            () =>
            {
                Succeed(driver, "unmount", target);
                Assert.Equal(before, node.State());
                node.Mount(driver, members);
            }
        );
        Assert.True(kills > 4, $"{kills} kills");
    }

    private void Succeed(string driver, params string[] args) => node.Call(driver, args).Succeeded();

    // Kills the call before each of its system calls in turn; then what must hold again.
    private int ForEachCall(string driver, string[] args, Action then)
    {
        var log = $"{node.Directory}/strace";
        string[] command = [FlexNode.Executable(driver), .. args];
        node.Run([.. Strace.Recording(log), .. command]).Succeeded();
        var lines = node.Shell($"cat {log}").Split('\n');
        var process = lines[0].Split(' ')[0] + " ";
        // Before it leaves standard error it has done nothing but start; what it executes does not count.
        var calls = Strace.Calls(lines.Where(line => line.StartsWith(process, StringComparison.Ordinal)), start: "close_range(");
        then();
        var kills = 0;
        Strace.ForEach(
            Strace.WhereStatesDiffer(calls),
            call =>
            {
                kills += node.Run([.. Fault.At(call, Fault.Kill), .. command]).ExitCode == 0 ? 0 : 1;
                then();
                return [];
            }
        );
        return kills;
    }

    public void Dispose() => node.Dispose();
}
