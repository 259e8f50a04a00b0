namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>
/// Volumes from a real NFS server, on a kernel that has one: what volumes-nfs.sh did and saw there. A step here is a step there.
/// </summary>
[Collection("guests of volumes: one at a time")]
public sealed class NfsVolumeTests(NfsVolumeTests.Fixture guest) : IClassFixture<NfsVolumeTests.Fixture>
{
    public sealed class Fixture() : VolumeGuest("volumes-nfs.sh");

    [GuestTheory]
    [InlineData("4.2")]
    [InlineData("4.1")]
    [InlineData("4.0")]
    public void NFS_is_mounted_in_each_version_once_and_unmounted(string version)
    {
        Assert.Equal(("Success", $"127.0.0.1:/ is mounted by NFS {version}"), guest.Answer($"nfs-{version}-mount"));
        Assert.Equal("seen", guest.Step($"nfs-{version}-file").Output);
        Assert.Contains(
            $"rw,nosuid,nodev,relatime - nfs4 127.0.0.1:/ rw,vers={version},",
            guest.Step($"nfs-{version}-line").Output,
            StringComparison.Ordinal
        );
        Assert.Contains(",hard,", guest.Step($"nfs-{version}-line").Output, StringComparison.Ordinal);
        Assert.Equal(("Success", "127.0.0.1:/ is already mounted"), guest.Answer($"nfs-{version}-again"));
        Assert.Equal("1", guest.Step($"nfs-{version}-count").Output);
        guest.Done($"nfs-{version}-unmount", $"nfs-{version}-unmount-again");
    }

    [GuestFact]
    public void The_next_version_is_tried_where_the_server_has_not_got_the_first() =>
        Assert.Equal(("Success", "127.0.0.1:/ is mounted by NFS 4.2"), guest.Answer("nfs-fallback"));

    [GuestFact]
    public void Of_a_sub_directory_nothing_else_is_seen()
    {
        Assert.Equal("seen", guest.Step("nfs-sub-file").Output);
        Assert.Equal(("Success", "127.0.0.1:/sub is already mounted"), guest.Answer("nfs-sub-again"));
        guest.Failed(
            "nfs-foreign",
            $"mount: {VolumeGuest.Pods}/sub already has nfs4 127.0.0.1:/sub mounted on it, expected 127.0.0.1:/; not touching it"
        );
        guest.Done("nfs-sub-unmount");
    }

    [GuestFact]
    public void The_messages_say_what_is_wrong()
    {
        guest.Failed(
            "nfs-no-server",
            "nfs: connection refused by 127.0.0.1:2049 (TCP 2049 connect: refused); is the server's service running?"
        );
        guest.Failed(
            "nfs-wrong-export",
            "nfs: cannot mount 127.0.0.1:/nothing by NFS 4.2: ENOENT: NFS4: Couldn't follow remote path; the server has no such "
                + "export (below an export with fsid=0 paths are relative to that)"
        );
        guest.Failed("nfs-typo", "nfs: unknown option \"sevrer\" (did you mean \"server\"?)");
    }

    [GuestFact]
    public void Options_of_the_driver_that_is_replaced_have_their_effect()
    {
        guest.Done("nfs-k8s-mount", "nfs-k8s-busy-none");
        Assert.Contains("/volumes/k8s ro,nosuid,nodev,noatime - nfs4 ", guest.Step("nfs-k8s-line").Output, StringComparison.Ordinal);
    }

    [GuestFact]
    public void A_volume_that_may_lose_writes_says_so()
    {
        Assert.Equal(
            ("Success", "127.0.0.1:/ is mounted by NFS 4.2; " + "soft: what is written may be lost when the server is slow"),
            guest.Answer("nfs-soft")
        );
        guest.Done("nfs-soft-unmount");
    }

    [GuestFact]
    public void Who_holds_a_busy_volume_is_named()
    {
        Assert.Matches(
            $"^unmount: {VolumeGuest.Pods}/busy is busy: pid [0-9]+ \\(sleep\\) has {VolumeGuest.Pods}/busy/sub/file open; kubelet "
                + "will retry$",
            guest.Answer("nfs-busy").Message
        );
        guest.Done("nfs-busy-after");
    }

    [GuestFact]
    public void A_server_that_stops_hangs_nothing()
    {
        guest.Done("nfs-dead-mount", "nfs-hard-mount");
        guest.Failed(
            "nfs-dead-new",
            "nfs: connection refused by 127.0.0.1:2049 (TCP 2049 connect: refused); is the server's service running?"
        );
        var list = guest.Step("nfs-dead-list");
        Assert.Equal(1, list.ExitCode);
        Assert.Equal(
            2,
            list.Output.Split('\n')
                .Count(static line =>
                    line.StartsWith("server does not answer\tplugboard/nfs\tnfs4\t127.0.0.1:/\t", StringComparison.Ordinal)
                )
        );
        // The mount is there, and mountinfo says so without asking the server.
        Assert.Equal(("Success", "127.0.0.1:/ is already mounted"), guest.Answer("nfs-dead-again"));
        guest.Done("nfs-dead-force", "nfs-dead-force-soft");
        Assert.Equal("0", guest.Step("nfs-dead-left").Output);
    }

    [GuestFact]
    public void A_server_that_says_nothing_is_waited_for_no_longer_than_the_deadline()
    {
        guest.Failed("nfs-silent", "nfs: server 127.0.0.1 did not answer within 2 s (TCP 2050 connect: ok); mount process killed");
        guest.Failed("nfs-silent-again", "nfs: server 127.0.0.1 did not answer within 2 s (TCP 2050 connect: ok); mount process killed");
        // Neither a process nor a mount; the next call takes the lock's file away.
        Assert.DoesNotContain(" worker", guest.Step("nfs-silent-left").Output, StringComparison.Ordinal);
    }
}
