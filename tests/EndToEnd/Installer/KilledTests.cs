using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Installer;

/// <summary>
/// An installer that is killed before any of its system calls, or has any of them refused, leaves each plugin whole, the old one or the new
/// one, and the next run ends what it began: nothing that was kept is lost, and nothing is left over.
/// </summary>
public sealed class KilledTests : IDisposable
{
    private const string Two = " --plugins host-local,loopback";
    private readonly InstallerHost host = new();

    public void Dispose() => host.Dispose();

    [KernelTheory]
    [InlineData("signal=KILL")]
    [InlineData("error=EIO")]
    [InlineData("error=ENOSPC")]
    public void An_install_that_fails_at_any_call_is_ended_by_the_next_and_can_be_rolled_back(string fault)
    {
        var before = host.Files();
        var calls = host.Record("install" + Two);
        host.Run("uninstall --restore").Succeeded();
        var every = fault == "signal=KILL" ? 1 : 3;
        var failures = ForEach(
            calls.Where((_, index) => index % every == 0),
            call =>
            {
                var failed = host.Inject(call, fault, "install" + Two).ExitCode != 0;
                host.AssertAllWork("host-local", "loopback");
                host.Run("install" + Two).Succeeded();
                Assert.Equal(("ours", "ours"), (host.OwnerOf("host-local"), host.OwnerOf("loopback")));
                AssertNothingIsLeft();
                Assert.Equal(("reference", "reference"), (OwnerOfBackup(".original-host-local"), OwnerOfBackup(".original-loopback")));
                host.Run("uninstall --restore").Succeeded();
                Assert.Equal(before, host.Files());
                Assert.Equal(("reference", "reference"), (host.OwnerOf("host-local"), host.OwnerOf("loopback")));
                return failed;
            }
        );
        Assert.True(failures > 20, $"{failures} failures");
    }

    [KernelFact]
    public void A_rollback_killed_at_any_call_loses_neither_the_one_nor_the_other()
    {
        host.Run("install" + Two).Succeeded();
        var calls = host.Record("rollback");
        host.Run("rollback").Succeeded();
        var kills = ForEach(
            calls,
            call =>
            {
                var killed = host.Inject(call, "signal=KILL", "rollback").ExitCode != 0;
                host.AssertAllWork("host-local", "loopback");
                // Each may be back already or not; install makes both ours, and what was there is still kept.
                host.Run("install" + Two).Succeeded();
                Assert.Equal(("ours", "ours"), (host.OwnerOf("host-local"), host.OwnerOf("loopback")));
                Assert.Equal("reference", OwnerOfBackup(".original-host-local"));
                Assert.Equal("reference", OwnerOfBackup(".previous-host-local"));
                Assert.Equal("reference", OwnerOfBackup(".previous-loopback"));
                AssertNothingIsLeft();
                return killed;
            }
        );
        Assert.True(kills > 30, $"{kills} kills");
    }

    [KernelFact]
    public void An_uninstall_killed_at_any_call_is_ended_by_the_next()
    {
        var before = host.Files();
        host.Run("install" + Two).Succeeded();
        var calls = host.Record("uninstall --restore");
        var kills = ForEach(
            calls,
            call =>
            {
                host.Run("install" + Two).Succeeded();
                var killed = host.Inject(call, "signal=KILL", "uninstall --restore").ExitCode != 0;
                host.AssertAllWork("host-local", "loopback");
                host.Run("uninstall --restore").Succeeded();
                Assert.Equal("reference", host.Owners);
                Assert.Equal(before, host.Files());
                return killed;
            }
        );
        Assert.True(kills > 30, $"{kills} kills");
    }

    [KernelFact]
    public void A_driver_killed_on_its_way_is_never_seen_half_made()
    {
        const string Driver = " --plugins none --flexvolume plugboard/local";
        var calls = host.Record("install" + Driver);
        host.Run("uninstall --plugins none").Succeeded();
        var kills = ForEach(
            calls,
            call =>
            {
                var killed = host.Inject(call, "signal=KILL", "install" + Driver).ExitCode != 0;
                AssertProberIsContent();
                host.Run("install" + Driver).Succeeded();
                Assert.Equal(".record-plugboard~local", host.Shell($"ls -A {host.Drivers}/.plugboard"));
                host.Inject(call, "signal=KILL", "uninstall --plugins none");
                AssertProberIsContent();
                host.Run("uninstall --plugins none").Succeeded();
                Assert.Equal("", host.Shell($"ls -A {host.Drivers}"));
                return killed;
            }
        );
        Assert.True(kills > 30, $"{kills} kills");
    }

    // As kubelet does: each directory without a dot in front must hold a driver that answers.
    private void AssertProberIsContent() =>
        host.Shell($"for d in {host.Drivers}/*~*; do [ -d $d ] || continue; $d/local init | grep -q Success; done");

    private void AssertNothingIsLeft() =>
        Assert.DoesNotContain(
            host.Files(),
            static file =>
                file.Contains("/.new-", StringComparison.Ordinal)
                || file.Contains("/.keep-", StringComparison.Ordinal)
                || file.Contains("/.temporary-", StringComparison.Ordinal)
                || file.Contains("/..", StringComparison.Ordinal)
        );

    private string OwnerOfBackup(string name) => host.OwnerOf(Path.Combine(".plugboard", name), name[(name.IndexOf('-') + 1)..]);

    // Tries each call and fails with all that went wrong; how many were made to fail.
    private static int ForEach(IEnumerable<SystemCall> calls, Func<SystemCall, bool> attempt)
    {
        var count = 0;
        Strace.ForEach(
            calls,
            call =>
            {
                count += attempt(call) ? 1 : 0;
                return [];
            }
        );
        return count;
    }
}
