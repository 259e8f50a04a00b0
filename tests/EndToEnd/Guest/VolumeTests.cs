using System.Text.Json;

namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>Volumes from real NFS and SMB servers, and disks that grow, on a kernel that has all of these: what volumes.sh did and saw there. A step here is a step there.</summary>
[Collection("one guest at a time")]
public sealed class VolumeTests(VolumeTests.Fixture guest) : IClassFixture<VolumeTests.Fixture>
{
    private const string Pods = "/var/lib/kubelet/pods/0e6d1c2a-1111-2222-3333-444455556666/volumes";

    public sealed class Fixture() : VlanGuest("volumes.sh");

    private (string Status, string Message) Answer(string step)
    {
        var json = JsonSerializer.Deserialize<JsonElement>(guest.Step(step).Succeeded().Output);
        return (json.GetProperty("status").GetString()!, json.TryGetProperty("message", out var message) ? message.GetString()! : "");
    }

    private void Failed(string step, string message) => Assert.Equal(("Failure", message), Answer(step));

    private void Succeeded(params string[] steps) => Assert.All(steps, step => Assert.Equal("Success", Answer(step).Status));

    [GuestTheory]
    [InlineData("4.2")]
    [InlineData("4.1")]
    [InlineData("4.0")]
    public void NFS_is_mounted_in_each_version_once_and_unmounted(string version)
    {
        Assert.Equal(("Success", $"127.0.0.1:/ is mounted by NFS {version}"), Answer($"nfs-{version}-mount"));
        Assert.Equal("seen", guest.Step($"nfs-{version}-file").Output);
        Assert.Contains($"rw,nosuid,nodev,relatime - nfs4 127.0.0.1:/ rw,vers={version},", guest.Step($"nfs-{version}-line").Output, StringComparison.Ordinal);
        Assert.Contains(",hard,", guest.Step($"nfs-{version}-line").Output, StringComparison.Ordinal);
        Assert.Equal(("Success", "127.0.0.1:/ is already mounted"), Answer($"nfs-{version}-again"));
        Assert.Equal("1", guest.Step($"nfs-{version}-count").Output);
        Succeeded($"nfs-{version}-unmount", $"nfs-{version}-unmount-again");
    }

    [GuestFact]
    public void The_next_version_is_tried_where_the_server_has_not_got_the_first() =>
        Assert.Equal(("Success", "127.0.0.1:/ is mounted by NFS 4.2"), Answer("nfs-fallback"));

    [GuestFact]
    public void Of_a_sub_directory_nothing_else_is_seen()
    {
        Assert.Equal("seen", guest.Step("nfs-sub-file").Output);
        Assert.Equal(("Success", "127.0.0.1:/sub is already mounted"), Answer("nfs-sub-again"));
        Failed("nfs-foreign", $"mount: {Pods}/sub already has nfs4 127.0.0.1:/sub mounted on it, expected 127.0.0.1:/; not touching it");
        Succeeded("nfs-sub-unmount");
    }

    [GuestFact]
    public void The_messages_say_what_is_wrong()
    {
        Failed("nfs-no-server", "nfs: nothing listens on 127.0.0.1:2049 (TCP 2049 connect: refused); is the server's service running?");
        Failed("nfs-wrong-export", "nfs: cannot mount 127.0.0.1:/nothing by NFS 4.2: ENOENT: NFS4: Couldn't follow remote path; the server has no such export (below an export with fsid=0 paths are relative to that)");
        Failed("nfs-typo", "nfs: unknown option \"sevrer\" (did you mean \"server\"?)");
        Failed("cifs-no-server", "cifs: nothing listens on 127.0.0.1:445 (TCP 445 connect: refused); is the server's service running?");
        Failed("cifs-no-secret", "cifs: no username in the Secret; secretRef must name a Secret of type \"fstab/cifs\" with keys username, password");
        Failed("cifs-wrong-password", "cifs: cannot mount //127.0.0.1/share: EACCES: permission denied; the server refuses user name or password");
        Assert.StartsWith("cifs: cannot mount //127.0.0.1/nothing: ENOENT: ", Answer("cifs-wrong-share").Message, StringComparison.Ordinal);
    }

    [GuestFact]
    public void Options_of_the_driver_that_is_replaced_have_their_effect()
    {
        Succeeded("nfs-k8s-mount", "nfs-k8s-busy-none");
        Assert.Contains("/volumes/k8s ro,nosuid,nodev,noatime - nfs4 ", guest.Step("nfs-k8s-line").Output, StringComparison.Ordinal);
    }

    [GuestFact]
    public void Who_holds_a_busy_volume_is_named()
    {
        Assert.Matches($"^unmount: {Pods}/busy is busy: pid [0-9]+ \\(sleep\\) has {Pods}/busy/sub/file open; kubelet will retry$", Answer("nfs-busy").Message);
        Succeeded("nfs-busy-after");
    }

    [GuestFact]
    public void A_server_that_stops_hangs_nothing()
    {
        Succeeded("nfs-dead-mount", "nfs-hard-mount");
        Failed("nfs-dead-new", "nfs: nothing listens on 127.0.0.1:2049 (TCP 2049 connect: refused); is the server's service running?");
        var list = guest.Step("nfs-dead-list");
        Assert.Equal(1, list.ExitCode);
        Assert.Equal(2, list.Output.Split('\n').Count(static line => line.StartsWith("server does not answer\tplugboard/nfs\tnfs4\t127.0.0.1:/\t", StringComparison.Ordinal)));
        // The mount is there, and mountinfo says so without asking the server.
        Assert.Equal(("Success", "127.0.0.1:/ is already mounted"), Answer("nfs-dead-again"));
        Succeeded("nfs-dead-force", "nfs-dead-force-soft");
        Assert.Equal("0", guest.Step("nfs-dead-left").Output);
    }

    [GuestFact]
    public void SMB_is_mounted_with_any_character_in_the_password()
    {
        Succeeded("cifs-mount", "cifs-unmount");
        Assert.Equal("shared", guest.Step("cifs-file").Output);
        Assert.Equal(("Success", "//127.0.0.1/share is already mounted"), Answer("cifs-again"));
        Assert.Contains("rw,vers=3.1.1,", guest.Step("cifs-line").Output, StringComparison.Ordinal);
        Assert.DoesNotContain("d'e$!", guest.Step("cifs-line").Output, StringComparison.Ordinal);
    }

    [GuestFact]
    public void SMB_options_and_fsGroup_have_their_effect()
    {
        Succeeded("cifs-fstab-mount", "cifs-fstab-unmount");
        var line = guest.Step("cifs-fstab-line").Output;
        Assert.All((string[])["vers=3.0", "uid=1000", "gid=2000", "dir_mode=0755", "file_mode=0770", "noperm"], option => Assert.Contains($",{option},", line + ",", StringComparison.Ordinal));
    }

    [GuestTheory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public void A_disk_grows_while_it_is_mounted(string fsType)
    {
        Succeeded($"loop-{fsType}-mount", $"loop-{fsType}-grow", $"loop-{fsType}-unmount");
        Assert.InRange(Size($"loop-{fsType}-after"), Size($"loop-{fsType}-before") + 280_000_000, 671_088_640);
        Assert.Equal("", guest.Step("loop-left").Output);
    }

    private long Size(string step)
    {
        var words = guest.Step(step).Succeeded().Output.Trim().Split('*');
        return long.Parse(words[0], null) * long.Parse(words[1], null);
    }
}
