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
    private const string Kill = Fault.Kill;
    private readonly InstallerHost host = new();

    public void Dispose() => host.Dispose();

    [KernelTheory]
    [InlineData(Kill)]
    [InlineData("EIO")]
    [InlineData("ENOSPC")]
    public void An_install_that_fails_at_any_call_is_ended_by_the_next_and_can_be_rolled_back(string fault)
    {
        var before = host.Files();
        host.Keep();
        var calls = host.Record("install" + Two);
        var every = fault == Kill ? 1 : 2;
        var failures = ForEach(
            calls.Where((_, index) => index % every == 0),
            fault,
            "install" + Two,
            () =>
            {
                host.AssertAllWork("host-local", "loopback");
                host.Run("install" + Two).Succeeded();
                Assert.Equal(("ours", "ours"), (host.OwnerOf("host-local"), host.OwnerOf("loopback")));
                AssertNothingIsLeft();
                Assert.Equal(("reference", "reference"), (OwnerOfBackup(".original-host-local"), OwnerOfBackup(".original-loopback")));
                host.Run("uninstall --restore" + Two).Succeeded();
                Assert.Equal(before, host.Files());
                Assert.Equal(("reference", "reference"), (host.OwnerOf("host-local"), host.OwnerOf("loopback")));
            }
        );
        Assert.True(failures > 20, $"{failures} failures");
    }

    [KernelFact]
    public void A_rollback_killed_at_any_call_loses_neither_the_one_nor_the_other()
    {
        host.Run("install" + Two).Succeeded();
        host.Keep();
        var kills = ForEach(
            host.Record("rollback" + Two),
            Kill,
            "rollback" + Two,
            () =>
            {
                host.AssertAllWork("host-local", "loopback");
                // Each may be back already or not; install makes both ours, and what was there is still kept.
                host.Run("install" + Two).Succeeded();
                Assert.Equal(("ours", "ours"), (host.OwnerOf("host-local"), host.OwnerOf("loopback")));
                Assert.Equal("reference", OwnerOfBackup(".original-host-local"));
                Assert.Equal("reference", OwnerOfBackup(".previous-host-local"));
                Assert.Equal("reference", OwnerOfBackup(".previous-loopback"));
                AssertNothingIsLeft();
            }
        );
        Assert.True(kills > 30, $"{kills} kills");
    }

    [KernelFact]
    public void An_uninstall_killed_at_any_call_is_ended_by_the_next()
    {
        var before = host.Files();
        host.Run("install" + Two).Succeeded();
        host.Keep();
        var kills = ForEach(
            host.Record("uninstall --restore" + Two),
            Kill,
            "uninstall --restore" + Two,
            () =>
            {
                host.AssertAllWork("host-local", "loopback");
                host.Run("uninstall --restore" + Two).Succeeded();
                Assert.Equal("reference", host.Owners);
                Assert.Equal(before, host.Files());
            }
        );
        Assert.True(kills > 30, $"{kills} kills");
    }

    [KernelFact]
    public void A_driver_killed_on_its_way_is_never_seen_half_made()
    {
        const string Driver = " --plugins none --flexvolume plugboard/local";
        host.Keep();
        var kills = ForEach(
            host.Record("install" + Driver),
            Kill,
            "install" + Driver,
            () =>
            {
                AssertProberIsContent();
                host.Run("install" + Driver).Succeeded();
                Assert.Equal(".record-plugboard~local", host.Shell($"ls -A {host.Drivers}/.plugboard"));
            }
        );
        Assert.True(kills > 30, $"{kills} kills");
    }

    [KernelFact]
    public void A_driver_whose_uninstall_is_killed_is_never_seen_half_there()
    {
        host.Run("install --plugins none --flexvolume plugboard/local").Succeeded();
        host.Keep();
        var kills = ForEach(
            host.Record("uninstall --plugins none"),
            Kill,
            "uninstall --plugins none",
            () =>
            {
                AssertProberIsContent();
                host.Run("uninstall --plugins none").Succeeded();
                Assert.Equal("", host.Shell($"ls -A {host.Drivers}"));
            }
        );
        Assert.True(kills > 10, $"{kills} kills");
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

    // Tries each call on the host as it was kept, and what follows in each state that is left: from the same state it goes the same way.
    // Fails with all that went wrong; how many calls were made to fail.
    private int ForEach(IEnumerable<SystemCall> calls, string fault, string verb, Action follow)
    {
        var count = 0;
        var met = new HashSet<string>(StringComparer.Ordinal);
        Strace.ForEach(
            calls,
            call =>
            {
                host.Return();
                count += host.Inject(call, fault, verb).ExitCode != 0 ? 1 : 0;
                if (met.Add(host.Snapshot()))
                    follow();
                return [];
            }
        );
        return count;
    }
}
