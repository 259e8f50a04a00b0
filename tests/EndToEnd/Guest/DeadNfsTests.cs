using System.Globalization;

namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>
/// NFS volumes whose server's network fails while they are mounted and comes back: what volumes-dead.sh did and saw. A step here is a step
/// there.
/// </summary>
[Collection("guests of volumes: one at a time")]
public sealed class DeadNfsTests(DeadNfsTests.Fixture guest) : IClassFixture<DeadNfsTests.Fixture>
{
    private const string Volume = $"{VolumeGuest.Pods}/plugboard~nfs";
    private const string Unreachable = "nfs: server 127.0.0.1 did not answer within 2 s (TCP 2049 connect: timed out); ";

    public sealed class Fixture() : VolumeGuest("volumes-dead.sh");

    private int Milliseconds(string step) => int.Parse(guest.Step(step + "-ms").Output, CultureInfo.InvariantCulture);

    [GuestFact]
    public void A_mount_from_a_server_that_cannot_be_reached_ends_by_its_deadline()
    {
        guest.Failed("dead-new", Unreachable + "mount process killed");
        // The deadline is 2 s; then the server is asked for 3 s whether it is there. The rest is the guest's slowness.
        Assert.InRange(Milliseconds("call-dead-new"), 2000, 30_000);
    }

    [GuestFact]
    public void A_volume_that_is_mounted_stays_so_whatever_its_server_does() =>
        Assert.Equal(("Success", "127.0.0.1:/ is already mounted"), guest.Answer("dead-again"));

    [GuestFact]
    public void List_does_not_wait_for_the_server()
    {
        var list = guest.Step("dead-list");
        Assert.Equal(1, list.ExitCode);
        Assert.Equal(
            3,
            list.Output.Split('\n')
                .Count(static line => line.StartsWith("server does not answer\tplugboard/nfs\t", StringComparison.Ordinal))
        );
        Assert.InRange(Milliseconds("look-dead-list"), 0, 10_000);
    }

    [GuestFact]
    public void A_hard_mount_is_unmounted_without_its_server() => guest.Done("idle-mount", "dead-idle");

    [GuestFact]
    public void Without_force_an_unmount_that_must_ask_the_server_fails_and_takes_nothing_away()
    {
        guest.Failed("dead-never", Unreachable + "unmount process killed");
        Assert.InRange(Milliseconds("call-dead-never"), 2000, 30_000);
        Assert.Equal("2", guest.Step("dead-never-line").Output);
    }

    [GuestFact]
    public void With_force_as_configured_it_is_taken_away_with_all_that_is_mounted_below()
    {
        Assert.Equal(
            ("Success", "nfs: server 127.0.0.1 does not answer, the mount was taken away by force: what was not written yet is lost"),
            guest.Answer("dead-force")
        );
        Assert.Equal("0", guest.Step("dead-force-line").Output);
        Assert.Equal("again", guest.Step("dead-force-directory").Output);
    }

    [GuestFact]
    public void When_the_server_is_back_all_is_as_before()
    {
        guest.Done("alive-again", "alive-mount", "alive-unmount");
        Assert.Equal("seen", guest.Step("alive-file").Output);
        Assert.Equal($"ok\tplugboard/nfs\tnfs4\t127.0.0.1:/\t{Volume}/nested", guest.Step("alive-list").Output);
        // No mount, no lock's file, no process of ours.
        Assert.Equal("0", guest.Step("left").Output);
    }

    [GuestFact]
    public void List_reports_a_directory_that_was_made_again_on_the_server()
    {
        guest.Done("stale-mount", "stale-unmount");
        Assert.Equal(
            $"stale: the server no longer knows the directory\tplugboard/nfs\tnfs4\t127.0.0.1:/anew\t{Volume}/stale",
            guest.Step("stale-list").Output
        );
    }

    [GuestFact]
    public void List_tells_a_server_that_lets_connect_and_answers_nothing()
    {
        guest.Done("mute-mount", "mute-unmount");
        Assert.Equal(
            $"the server answers, but not for this volume\tplugboard/nfs\tnfs4\t127.0.0.1:/\t{Volume}/mute",
            guest.Step("mute-list").Output
        );
        Assert.InRange(Milliseconds("look-mute-list"), 0, 10_000);
    }

    [GuestFact]
    public void A_call_that_the_kernel_does_not_let_go_is_answered_by_its_deadline_and_the_next_names_it()
    {
        var stuck = guest.Answer("stuck").Message;
        Assert.Matches(
            "^nfs: server 127.0.0.1 did not answer within 2 s \\(TCP 2049 connect: ok\\); the mount process is killed and still "
                + "blocked in the kernel \\(pid [0-9]+\\)$",
            stuck
        );
        var pid = stuck[(stuck.LastIndexOf(' ') + 1)..^1];
        guest.Failed("stuck-next", $"/mnt/kubelet/v: process {pid} still works on it after 6 s; kubelet will retry");
        guest.Done("stuck-after", "stuck-unmount");
    }
}
