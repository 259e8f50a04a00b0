namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>
/// Volumes from a real SMB server, and disks that grow, on a kernel that has all of these: what volumes-smb.sh did and saw there. A step
/// here is a step there.
/// </summary>
[Collection("guests of volumes: one at a time")]
public sealed class SmbVolumeTests(SmbVolumeTests.Fixture guest) : IClassFixture<SmbVolumeTests.Fixture>
{
    public sealed class Fixture() : VolumeGuest("volumes-smb.sh");

    [GuestFact]
    public void The_messages_say_what_is_wrong()
    {
        guest.Failed(
            "cifs-no-server",
            "cifs: connection refused by 127.0.0.1:445 (TCP 445 connect: refused); is the server's service running?"
        );
        guest.Failed(
            "cifs-no-secret",
            "cifs: no username in the Secret; secretRef must name a Secret of type \"fstab/cifs\" with keys username, password"
        );
        guest.Failed(
            "cifs-wrong-password",
            "cifs: cannot mount //127.0.0.1/share: EACCES: permission denied; "
                + "the server refuses this user: the name, the password, the domain, or the user's right to the share"
        );
        Assert.StartsWith(
            "cifs: cannot mount //127.0.0.1/nothing: ENOENT: ",
            guest.Answer("cifs-wrong-share").Message,
            StringComparison.Ordinal
        );
    }

    [GuestFact]
    public void SMB_is_mounted_with_any_character_in_the_password()
    {
        guest.Done("cifs-mount", "cifs-unmount");
        Assert.Equal("shared", guest.Step("cifs-file").Output);
        Assert.Equal(("Success", "//127.0.0.1/share is already mounted"), guest.Answer("cifs-again"));
        Assert.Contains("rw,vers=3.1.1,", guest.Step("cifs-line").Output, StringComparison.Ordinal);
        Assert.DoesNotContain("d'e$!", guest.Step("cifs-line").Output, StringComparison.Ordinal);
    }

    [GuestFact]
    public void SMB_options_and_fsGroup_have_their_effect()
    {
        guest.Done("cifs-fstab-mount", "cifs-fstab-unmount");
        var line = guest.Step("cifs-fstab-line").Output;
        Assert.All(
            (string[])["vers=3.0", "uid=1000", "gid=2000", "dir_mode=0755", "file_mode=0770", "noperm"],
            option => Assert.Contains($",{option},", line + ",", StringComparison.Ordinal)
        );
    }

    [GuestFact]
    public void Options_of_mount_cifs_arrive()
    {
        guest.Done("cifs-words", "cifs-words-unmount");
        var line = guest.Step("cifs-words-line").Output;
        Assert.All(
            (string[])["domain=CORP", "uid=1", "gid=10", "file_mode=0640", "nohandlecache", "max_credits=100"],
            option => Assert.Contains($",{option},", line + ",", StringComparison.Ordinal)
        );
    }

    [GuestFact]
    public void A_file_with_credentials_is_read_only_where_the_node_config_lists_it()
    {
        guest.Failed(
            "cifs-file-refused",
            "cifs: mount option \"credentials\" names /etc/smb.cred, which the node config's \"credentialFiles\" does not list; "
                + "list it there, or put username, password and domain into the Secret"
        );
        guest.Done("cifs-file-mount", "cifs-file-unmount");
    }

    [GuestTheory]
    [InlineData("3_00", "0x300")]
    [InlineData("2_10", "0x210")]
    public void Without_a_version_kernel_and_server_agree_on_one(string step, string version)
    {
        guest.Done($"cifs-{step}-mount", $"cifs-{step}-unmount");
        Assert.Equal($"Dialect {version}", guest.Step($"cifs-{step}-dialect").Output);
    }

    [GuestFact]
    public void A_version_that_was_asked_for_is_not_exchanged_for_another() =>
        guest.Failed(
            "cifs-forced",
            "cifs: cannot mount //127.0.0.1/share: EOPNOTSUPP: operation not supported; "
                + "the server does not speak SMB 3.1.1; option \"vers\" sets the version"
        );

    [GuestFact]
    public void A_server_on_another_port_is_reached_and_listed_there()
    {
        guest.Failed(
            "cifs-port-none",
            "cifs: connection refused by 127.0.0.1:445 (TCP 445 connect: refused); " + "is the server's service running?"
        );
        guest.Done("cifs-port-mount", "cifs-port-unmount");
        // The mount table does not tell the port, so it is found among the node's connections.
        Assert.DoesNotContain("port=", guest.Step("cifs-port-line").Output, StringComparison.Ordinal);
        Assert.StartsWith(
            "ok\tplugboard/cifs\tcifs\t//127.0.0.1/share\t",
            guest.Step("cifs-port-list").Succeeded().Output,
            StringComparison.Ordinal
        );
    }

    [GuestFact]
    public void A_guest_is_mounted_without_a_Secret_where_the_server_lets_guests_in()
    {
        guest.Done("cifs-guest-mount", "cifs-guest-again", "cifs-guest-unmount");
        Assert.Equal("shared", guest.Step("cifs-guest-file").Output);
        Assert.Contains(",sec=none,", guest.Step("cifs-guest-line").Output, StringComparison.Ordinal);
        Assert.StartsWith(
            "cifs: cannot mount //127.0.0.1/share: EACCES: ",
            guest.Answer("cifs-guest-refused").Message,
            StringComparison.Ordinal
        );
    }

    [GuestFact]
    public void What_this_kernel_has_not_got_is_said()
    {
        guest.Failed(
            "cifs-selinux",
            "cifs: cannot mount //127.0.0.1/share: EINVAL: invalid argument; selinuxEnabled wants SELinux in the node's kernel"
        );
        // A kernel with CIFS_UPCALL asks for a key, one without it knows no Kerberos.
        Assert.Matches(
            "^cifs: cannot mount //127.0.0.1/share: (EINVAL: invalid argument|ENOKEY: required key not available); sec=krb5 wants a kernel "
                + @"with CIFS_UPCALL, cifs.upcall \(cifs-utils, keyutils\) and a ticket on the node, which are not ours$",
            guest.Answer("cifs-krb5").Message
        );
        if (guest.Kernel < new Version(6, 4))
            guest.Failed("tmpfs-noswap", "tmpfs: cannot mount: EINVAL: tmpfs: Unknown parameter 'noswap'");
        else
            guest.Done("tmpfs-noswap", "tmpfs-noswap-unmount");
        Assert.Equal($"0\n/run/flexvolume/locks:\n\n{VolumeGuest.Pods}:", guest.Step("cifs-left").Output.TrimEnd());
    }

    [GuestTheory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public void A_disk_grows_while_it_is_mounted(string fsType)
    {
        guest.Done($"loop-{fsType}-mount", $"loop-{fsType}-grow", $"loop-{fsType}-unmount");
        Assert.InRange(Size($"loop-{fsType}-after"), Size($"loop-{fsType}-before") + 280_000_000, 671_088_640);
        Assert.Equal("", guest.Step("loop-left").Output);
    }

    private long Size(string step)
    {
        var words = guest.Step(step).Succeeded().Output.Trim().Split('*');
        return long.Parse(words[0], null) * long.Parse(words[1], null);
    }
}
