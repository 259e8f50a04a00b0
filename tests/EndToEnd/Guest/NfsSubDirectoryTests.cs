namespace Plugboard.Tests.EndToEnd.Guest;

/// <summary>
/// Sub-directories of an export, in each version of NFS from a server that has all: what volumes-nfs-sub.sh did and saw. A step here is a
/// step there.
/// </summary>
[Collection("guests of volumes: one at a time")]
public sealed class NfsSubDirectoryTests(NfsSubDirectoryTests.Fixture guest) : IClassFixture<NfsSubDirectoryTests.Fixture>
{
    public sealed class Fixture() : VolumeGuest("volumes-nfs-sub.sh");

    public static TheoryData<string, string> Versions =>
        new()
        {
            { "4.2", "127.0.0.1:/" },
            { "4.1", "127.0.0.1:/" },
            { "4.0", "127.0.0.1:/" },
            { "3", "127.0.0.1:/srv/export/" },
        };

    [GuestTheory]
    [MemberData(nameof(Versions))]
    public void Of_a_sub_directory_nothing_else_is_seen_and_it_is_mounted_once(string version, string export)
    {
        Assert.Equal(("Success", $"{export}a/b is mounted by NFS {version}"), guest.Answer($"sub-{version}-mount"));
        Assert.Equal("file", guest.Step($"sub-{version}-names").Output);
        // What is above it is the node's own directory: the same inode by both names.
        var above = guest.Step($"sub-{version}-above").Succeeded().Output.Split('\n');
        Assert.Equal(above[1], above[0]);
        Assert.Contains(
            $"rw,nosuid,nodev,relatime - {(version == "3" ? "nfs" : "nfs4")} {export}a/b rw,vers={version},",
            guest.Step($"sub-{version}-line").Output,
            StringComparison.Ordinal
        );
        Assert.Equal(("Success", $"{export}a/b is already mounted"), guest.Answer($"sub-{version}-again"));
        guest.Done($"sub-{version}-unmount");
    }

    [GuestTheory]
    [MemberData(nameof(Versions))]
    public void A_missing_one_is_made_with_mode_and_owner(string version, string export)
    {
        Assert.Equal(("Success", $"{export}made/{version} is mounted by NFS {version}"), guest.Answer($"made-{version}-mount"));
        Assert.Equal("2750 1000 2000\n2750 1000 2000", guest.Step($"made-{version}-owner").Output);
        Assert.Equal(version, guest.Step($"made-{version}-write").Succeeded().Output);
        guest.Done($"made-{version}-unmount");
    }

    [GuestTheory]
    [MemberData(nameof(Versions))]
    public void A_symbolic_link_in_the_path_is_not_followed(string version, string export)
    {
        var share = export == "127.0.0.1:/" ? export : export.TrimEnd('/');
        guest.Failed(
            $"link-{version}",
            $"nfs: cannot open subDir \"a/link\" of {share}: ELOOP: too many levels of symbolic links; the path has a symbolic link, "
                + "which is not followed"
        );
    }

    [GuestFact]
    public void The_messages_say_what_is_wrong()
    {
        guest.Failed(
            "absolute",
            "nfs: cannot open subDir \"a/absolute\" of 127.0.0.1:/: ELOOP: too many levels of symbolic links; the path has a "
                + "symbolic link, "
                + "which is not followed"
        );
        guest.Failed(
            "missing",
            "nfs: 127.0.0.1:/ has no directory \"a/none\"; create it on the server, or set option \"create\" to \"true\""
        );
        guest.Failed("climb", "nfs: subDir \"a/../other\" leaves the share");
        guest.Failed(
            "squashed",
            "nfs: cannot open subDir \"x\" of 127.0.0.1:/srv/squashed: EACCES: permission denied; the server maps the node's root "
                + "to a user without permission (root_squash); create it on the server"
        );
        Assert.EndsWith(
            "; sec=krb5 wants rpc.gssd with a keytab on the node, which is not ours",
            guest.Answer("krb5").Message,
            StringComparison.Ordinal
        );
    }

    // What kubelet's root may not look into is decided by mountinfo, and no call changes its group.
    [GuestFact]
    public void A_squashed_root_mounts_once_and_unmounts()
    {
        guest.Done("squashed-group", "squashed-unmount");
        Assert.Equal(("Success", "127.0.0.1:/srv/squashed is already mounted"), guest.Answer("squashed-again"));
    }

    [GuestFact]
    public void NFS_3_is_mounted_without_locks_on_the_server_and_may_be_read_only_beside_that()
    {
        guest.Done("v3-line-mount", "v3-read-only", "v3-unmount", "v3-read-only-unmount");
        Assert.Contains(",nolock,", guest.Step("v3-line").Output, StringComparison.Ordinal);
        Assert.Contains("Read-only file system", guest.Step("v3-read-only-write").Output, StringComparison.Ordinal);
    }

    [GuestFact]
    public void The_options_of_alicloud_make_the_whole_path()
    {
        Assert.Equal(("Success", "127.0.0.1:/nas/data is mounted by NFS 4.0"), guest.Answer("nas-mount"));
        Assert.Equal("755", guest.Step("nas-mode").Output);
        guest.Done("nas-unmount", "nas-again", "nas-again-unmount");
        Assert.Contains(" 127.0.0.1:/nas/data rw,vers=4.0,", guest.Step("nas-line").Output, StringComparison.Ordinal);
        Assert.DoesNotContain("noresvport", guest.Step("nas-line").Output, StringComparison.Ordinal);
    }

    [GuestFact]
    public void A_volume_of_the_example_of_k8s_nfs_is_mounted()
    {
        guest.Done("k8s-share", "k8s-unmount");
        Assert.Equal("secret", guest.Step("k8s-file").Output);
    }

    [GuestTheory]
    [InlineData("any-all", "/", "4.2")]
    [InlineData("any-4.1", "/", "4.1")]
    [InlineData("any-4.0", "/", "4.0")]
    [InlineData("any-3", "/srv/export", "3")]
    public void Without_a_version_the_latest_that_the_server_has_is_taken(string step, string share, string version)
    {
        Assert.Equal(("Success", $"127.0.0.1:{share} is mounted by NFS {version}"), guest.Answer($"{step}-mount"));
        Assert.Contains($" 127.0.0.1:{share} rw,vers={version},", guest.Step($"{step}-line").Output, StringComparison.Ordinal);
        guest.Done($"{step}-unmount");
    }

    [GuestFact]
    public void A_version_that_was_asked_for_is_the_only_one()
    {
        Assert.Equal(("Success", "127.0.0.1:/ is mounted by NFS 4.0"), guest.Answer("four"));
        Assert.StartsWith(
            "nfs: cannot mount 127.0.0.1:/ by NFS 4.2: EPROTONOSUPPORT: ",
            guest.Answer("only-4.2").Message,
            StringComparison.Ordinal
        );
        // The server has only version 3, and what it says there is what counts.
        Assert.Matches("^nfs: cannot mount 127.0.0.1:/nothing by NFS 3: (EACCES|ENOENT): ", guest.Answer("nothing-3").Message);
    }

    [GuestFact]
    public void A_server_on_another_port_is_reached_and_listed_there()
    {
        guest.Failed(
            "any-port-mount",
            "nfs: connection refused by 127.0.0.1:2049 (TCP 2049 connect: refused); " + "is the server's service running?"
        );
        Assert.Equal(("Success", "127.0.0.1:/ is mounted by NFS 4.2"), guest.Answer("port"));
        Assert.Contains(",port=20490,", guest.Step("port-line").Output, StringComparison.Ordinal);
        Assert.StartsWith("ok\tplugboard/nfs\tnfs4\t127.0.0.1:/\t", guest.Step("port-list").Succeeded().Output, StringComparison.Ordinal);
        guest.Done("port-unmount");
    }

    [GuestFact]
    public void Nothing_is_left() => Assert.Equal($"0\n/run/flexvolume/locks:\n\n{VolumeGuest.Pods}:", guest.Step("left").Output.TrimEnd());
}
