using System.Globalization;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Installer;

/// <summary>A node in use: pods come and go by the reference plugins while ours take their place, and go back.</summary>
public sealed class UpgradeTests : IDisposable
{
    private readonly InstallerHost host = new();

    public void Dispose() => host.Dispose();

    [KernelFact]
    public void No_call_fails_while_the_plugins_are_replaced_and_replaced_back()
    {
        host.Node.Plugins = host.Bin;
        var config = host.Node.BridgeConfig();
        // It was there before, and ends after.
        var old = host.Node.AddPod("old");
        host.Node.CallBeside("ADD", old, config).Succeeded();
        var pods = Enumerable.Range(0, 3).Select(index => host.Node.AddPod("loop" + index.ToString(CultureInfo.InvariantCulture))).ToList();
        using var done = new CancellationTokenSource();
        var calls = 0;

        var loops = Task.Run(() =>
            CallsBeside.AtOnce(
                pods,
                pod =>
                {
                    // Bounded: an install takes a fifth of a second.
                    for (var i = 0; i < 2000 && !done.IsCancellationRequested; i++)
                    {
                        host.Node.CallBeside("ADD", pod, config).Succeeded();
                        host.Node.CallBeside("DEL", pod, config).Succeeded();
                        Interlocked.Add(ref calls, 2);
                    }
                }
            )
        );
        for (var round = 0; round < 6 && !loops.IsCompleted; round++)
        {
            RunBeside("install");
            RunBeside("rollback");
            RunBeside("install");
            RunBeside("uninstall --restore");
        }

        RunBeside("install");
        done.Cancel();
        loops.Wait();

        Assert.True(calls > 50, $"only {calls} calls");
        Assert.Equal("ours", host.Owners);
        host.Node.CallBeside("CHECK", old, config).Succeeded();
        host.Node.CallBeside("DEL", old, config).Succeeded();
        Assert.Empty(host.Node.Leases());
    }

    private void RunBeside(string arguments)
    {
        var words = host.Command(arguments);
        var result = host.Node.RunBeside(new Plugboard.Linux.Command(words[0]) { Arguments = words[1..] }.Run);
        Assert.True(result.Succeeded, result.ErrorText);
    }
}
