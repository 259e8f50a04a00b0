using System.Globalization;

namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>
/// SMB volumes whose server is not there, says nothing, is gone and comes back: what volumes-smb-dead.sh did and saw. A step here is a step
/// there.
/// </summary>
[Collection("guests of volumes: one at a time")]
public sealed class DeadSmbTests(DeadSmbTests.Fixture guest) : IClassFixture<DeadSmbTests.Fixture>
{
    private const string Silent = "cifs: server 127.0.0.1 did not answer within 2 s (TCP 445 connect: ok); mount process killed";
    private const string Unreachable = "cifs: server 127.0.0.1 did not answer within 2 s (TCP 445 connect: timed out); ";

    public sealed class Fixture() : VolumeGuest("volumes-smb-dead.sh");

    private int Milliseconds(string step) => int.Parse(guest.Step(step + "-ms").Output, CultureInfo.InvariantCulture);

    [GuestFact]
    public void A_server_that_is_not_there_is_reported_at_once() =>
        guest.Failed("none", "cifs: connection refused by 127.0.0.1:445 (TCP 445 connect: refused); is the server's service running?");

    [GuestFact]
    public void A_server_that_says_nothing_is_waited_for_no_longer_than_the_deadline()
    {
        guest.Failed("silent", Silent);
        Assert.InRange(Milliseconds("call-silent"), 2000, 30_000);
        guest.Failed("silent-again", Silent);
        // No directory, no lock's file, no process.
        Assert.Equal("", guest.Step("silent-left").Output);
    }

    [GuestFact]
    public void A_mount_from_a_server_that_cannot_be_reached_ends_by_its_deadline()
    {
        guest.Failed("dead-new", Unreachable + "mount process killed");
        Assert.InRange(Milliseconds("call-dead-new"), 2000, 30_000);
    }

    [GuestFact]
    public void What_is_mounted_is_listed_without_waiting_and_stays_mounted()
    {
        guest.Done("idle-mount", "nested-mount", "again-mount");
        Assert.Equal(
            3,
            guest
                .Step("dead-list")
                .Output.Split('\n')
                .Count(static line => line.StartsWith("server does not answer\tplugboard/cifs\t", StringComparison.Ordinal))
        );
        Assert.InRange(Milliseconds("look-dead-list"), 0, 5000);
        Assert.Equal(("Success", "//127.0.0.1/share is already mounted"), guest.Answer("dead-again"));
    }

    [GuestFact]
    public void It_is_unmounted_without_its_server() => guest.Done("dead-idle");

    [GuestFact]
    public void Force_is_used_only_as_configured()
    {
        guest.Failed("dead-never", Unreachable + "unmount process killed");
        Assert.Equal("2", guest.Step("dead-never-line").Output);
        Assert.Equal(
            ("Success", "cifs: server 127.0.0.1 does not answer, the mount was taken away by force: what was not written yet is lost"),
            guest.Answer("dead-force")
        );
        Assert.Equal("0", guest.Step("dead-force-line").Output);
    }

    [GuestFact]
    public void When_the_server_is_back_all_is_as_before()
    {
        guest.Done("alive-again", "alive-mount", "alive-unmount");
        Assert.Equal("shared", guest.Step("alive-file").Output);
        Assert.Equal("0", guest.Step("left").Output);
    }
}
