using System.Diagnostics;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Installer;

/// <summary>
/// <c>install --wait</c>: changes by other programs to our files are repaired, and what another run of the installer decides is not.
/// </summary>
public sealed class WaitTests : IDisposable
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(60);

    private readonly InstallerHost host = new();
    private StreamReader log = StreamReader.Null;
    private Task<string> ended = Task.FromResult("");

    public void Dispose()
    {
        if (!ended.IsCompleted)
            End();
        log.Dispose();
        host.Dispose();
    }

    [KernelFact]
    public void What_is_deleted_overwritten_or_made_unusable_is_put_back_at_once()
    {
        Start("--flexvolume plugboard/local");
        host.Shell($"rm {host.Bin}/bridge");
        Assert.EndsWith(" bridge: repaired; it was gone", Next(), StringComparison.Ordinal);
        host.Shell($"cp {PluginDirectory.Reference}/loopback {host.Bin}/new; mv {host.Bin}/new {host.Bin}/loopback");
        var digest = host.Shell($"sha256sum {PluginDirectory.Reference}/loopback | cut -d' ' -f1");
        Assert.Matches($" loopback: repaired; found [0-9]+ bytes, written 20[0-9TZ:-]+, digest {digest}, build id [0-9a-f]+$", Next());
        host.Shell($"chmod 0 {host.Bin}/host-local");
        Assert.EndsWith(" host-local: repaired; it had mode 0", Next(), StringComparison.Ordinal);
        host.Shell($"rm -r {host.Drivers}/plugboard~local");
        Assert.EndsWith(" plugboard~local/local: repaired; it was gone", Next(), StringComparison.Ordinal);
        host.AssertAllWork();
        Assert.Equal("ours", host.Owners);
        Assert.Equal(0, host.Run("status").ExitCode);
        // What others put there meanwhile is what `--restore` means.
        End();
        host.Run("uninstall --restore").Succeeded();
        Assert.Equal("reference", host.OwnerOf("loopback"));
    }

    [KernelFact]
    public void A_file_that_is_overwritten_in_place_is_put_back_whole()
    {
        Start("");
        host.Shell($"cat {PluginDirectory.Reference}/bridge > {host.Bin}/bridge");
        Assert.Contains(" bridge: repaired; found ", Next(), StringComparison.Ordinal);
        Assert.Equal("ours", host.OwnerOf("bridge"));
        host.AssertAllWork();
    }

    [KernelFact]
    public void The_whole_directory_may_be_removed_and_made_again()
    {
        Start("--audit 1");
        // What is put back while it is being removed keeps rm(1) from its end.
        host.Shell($"until rm -rf {host.Bin}; do :; done 2> {host.Node.Directory}/rm; mkdir {host.Bin}");
        for (var i = 0; i < 20 && !InstallerHost.Plugins.All(plugin => File.Exists($"{host.Bin}/{plugin}")); i++)
            Next();
        Assert.Equal("ours", host.Owners);
    }

    [KernelFact]
    public void Two_who_both_insist_do_not_fill_the_node()
    {
        Start("--plugins bridge");
        host.Shell($"rm {host.Bin}/bridge");
        Assert.EndsWith("it was gone", Next(), StringComparison.Ordinal);
        var start = Stopwatch.GetTimestamp();
        host.Shell($"rm {host.Bin}/bridge");
        Assert.EndsWith("; next repair after 1 s at the earliest", Next(), StringComparison.Ordinal);
        host.Shell($"rm {host.Bin}/bridge");
        Assert.EndsWith("; next repair after 2 s at the earliest", Next(), StringComparison.Ordinal);
        // The second counts from the repair, which comes after the start; that the third one comes at all within our patience is the rest.
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0.9, 2 * patience.TotalSeconds);
        Assert.Equal("ours", host.OwnerOf("bridge"));
    }

    [KernelFact]
    public void What_is_deleted_the_moment_after_its_repair_is_put_back_as_well()
    {
        Start("--plugins bridge");
        // A process that deletes it as soon as it is there, five times: no repair may take the gap for the file as it should be.
        var rival = Task.Run(() =>
            host.Shell($"for i in 1 2 3 4 5; do for j in $(seq 20000); do rm {host.Bin}/bridge 2> /dev/null && break; done; done; true")
        );
        for (var repair = 1; repair <= 5; repair++)
            Assert.Contains("it was gone", Next(), StringComparison.Ordinal);
        Assert.True(rival.Wait(patience));
        Assert.Equal("ours", host.OwnerOf("bridge"));
    }

    [KernelFact]
    public void A_rollback_by_hand_stays()
    {
        Start("--plugins bridge,loopback");
        host.Run("rollback --plugins bridge").Succeeded();
        Assert.Matches(" bridge: no longer repaired: rollback by another run at 20[0-9TZ:-]+$", Next());
        host.Shell($"rm {host.Bin}/loopback");
        Assert.Contains(" loopback: repaired", Next(), StringComparison.Ordinal);
        Assert.Equal(("reference", "ours"), (host.OwnerOf("bridge"), host.OwnerOf("loopback")));
    }

    [KernelFact]
    public void An_uninstall_is_refused_while_another_process_would_undo_it()
    {
        Start("");
        var refused = host.Run("uninstall");
        Assert.Equal(3, refused.ExitCode);
        Assert.Contains("`install --wait` repairs these files (process ", refused.Error, StringComparison.Ordinal);
        Assert.Contains("delete its DaemonSet", refused.Error, StringComparison.Ordinal);
        End();
        host.Run("uninstall --restore").Succeeded();
        Assert.Equal("reference", host.Owners);
        Assert.DoesNotContain(host.Files(), static file => file.StartsWith(".plugboard", StringComparison.Ordinal));
    }

    [KernelFact]
    public void It_ends_at_once_on_a_signal()
    {
        Start("");
        var start = Stopwatch.GetTimestamp();
        Assert.Equal("0", End());
        // Its next look would be five minutes later.
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 20);
    }

    // As the first process of a container, for which the kernel drops signals that would only end it.
    private void Start(string arguments)
    {
        var directory = host.Node.Directory;
        host.Shell($"mkfifo {directory}/log");
        var words = string.Join(' ', host.Command("install --wait " + arguments));
        ended = Task.Run(() =>
        {
            var result = host.Node.RunBeside(
                new Plugboard.Linux.Command("/usr/bin/unshare")
                {
                    Arguments = ["--pid", "--fork", "--kill-child", "sh", "-c", $"exec {words} 2> {directory}/log"],
                    Timeout = TimeSpan.FromMinutes(2),
                }.Run
            );
            return result.ExitCode?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? $"signal {result.Signal}";
        });
        log = new StreamReader($"{directory}/log");
        Assert.Contains(" watching ", Next(), StringComparison.Ordinal);
    }

    private string Next()
    {
        var line = log.ReadLineAsync();
        Assert.True(line.Wait(patience), "nothing was logged");
        return line.Result ?? throw new InvalidOperationException("the installer ended");
    }

    private string End()
    {
        // The process that has this host's folder on its command line, and no other.
        host.Shell(
            $"for p in $(pgrep -f 'installer install --wait.* --host-root {host.Root}$'); do [ $(readlink /proc/$p/exe) = "
                + $"{InstallerHost.Executable} ] && kill -TERM $p; done; true"
        );
        Assert.True(ended.Wait(patience), "it does not end");
        return ended.Result;
    }
}
