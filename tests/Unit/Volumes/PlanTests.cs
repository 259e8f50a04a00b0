using Plugboard.Linux;
using Plugboard.Linux.Mounts;
using Plugboard.Volumes;
using Plugboard.Volumes.Local;
using Plugboard.Volumes.Loop;
using Plugboard.Volumes.Options;
using Plugboard.Volumes.Remote;
using Plugboard.Volumes.Tmpfs;
using Plugboard.Volumes.Uds;

namespace Plugboard.Tests.Unit.Volumes;

public sealed class PlanTests
{
    private const MountAttributes Careful = MountAttributes.NoSuid | MountAttributes.NoDev;
    private static readonly VolumePolicy policy = new() { Roots = ["/srv/local", "/srv/other"], IsShared = true };

    private static PublishRequest Request(params (string Name, string Value)[] given) =>
        new("/pods/u/volumes/v", new VolumeOptions(given.ToDictionary(static g => g.Name, static g => g.Value), OptionNames.Own))
        {
            Name = "pv1",
            Pod = new VolumePod("ns", "pod", "0e6d1c2a-1111-2222-3333-444455556666", "sa"),
        };

    private static string Refusal(Action plan) => Assert.ThrowsAny<VolumeException>(plan).Message;

    // fs/namespace.c, count_mounts(): no filesystem is full then.
    [Theory]
    [InlineData("mount")]
    [InlineData("move_mount")]
    public void A_mount_that_finds_no_room_names_the_limit_of_mounts(string call) =>
        Assert.StartsWith(
            "local: cannot bind /x: ENOSPC: no space left on device; the mount namespace has as many mounts as sysctl fs.mount-max allows",
            VolumeException.From("local: cannot bind /x", new ErrnoException(call, "/x", Errno.ENOSPC)).Message
        );

    [Theory]
    [InlineData("data", "/srv/local", "data")]
    [InlineData("a/./b//c/", "/srv/local", "a/b/c")]
    [InlineData("a/../b", "/srv/local", "b")]
    [InlineData("/srv/other/x", "/srv/other", "x")]
    [InlineData("/srv/local", "/srv/local", "")]
    public void A_path_is_in_an_allowed_root(string path, string root, string inside) =>
        Assert.Equal(
            (root, inside),
            (LocalPlan.From(Request(("path", path)), policy).Place.Root, LocalPlan.From(Request(("path", path)), policy).Place.Inside)
        );

    [Theory]
    [InlineData("a/../../etc", "local: path \"a/../../etc\" leaves the allowed root /srv/local (node config)")]
    [InlineData("..", "local: path \"..\" leaves the allowed root /srv/local (node config)")]
    [InlineData("/etc", "local: path \"/etc\" leaves the allowed root /srv/local and /srv/other (node config)")]
    [InlineData("/srv/localx", "local: path \"/srv/localx\" leaves the allowed root /srv/local and /srv/other (node config)")]
    [InlineData("/srv/local/../../etc", "local: path \"/srv/local/../../etc\" leaves the allowed root /srv/local (node config)")]
    public void A_path_that_leaves_the_root_is_refused(string path, string message) =>
        Assert.Equal(message, Refusal(() => LocalPlan.From(Request(("path", path)), policy)));

    [Fact]
    public void Without_a_path_a_volume_is_named_after_namespace_and_volume()
    {
        var plan = LocalPlan.From(Request(), policy);
        Assert.Equal(("ns/pv1", true, Careful), (plan.Place.Inside, plan.Create, plan.Attributes));
        Assert.Contains(
            "the pod's namespace is unknown",
            Refusal(() => LocalPlan.From(Request() with { Pod = VolumePod.Unknown }, policy)),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "the volume's name is \"..\"",
            Refusal(() => LocalPlan.From(Request() with { Name = ".." }, policy)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Per_pod_and_sub_path_are_behind_the_path_and_cannot_climb_over_it()
    {
        Assert.Equal(
            "a/0e6d1c2a-1111-2222-3333-444455556666/b",
            LocalPlan.From(Request(("path", "a"), ("perPod", "true"), ("subPath", "/b")), policy).Place.Inside
        );
        Assert.Contains(
            "leaves the allowed root",
            Refusal(() => LocalPlan.From(Request(("path", "a"), ("subPath", "../b")), policy)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Tmpfs_takes_sizes_and_shares()
    {
        string Parameters(params (string, string)[] given) =>
            string.Join(
                ',',
                TmpfsPlan.From(Request(given) with { FsGroup = 2000 }, policy).Parameters.Select(static p => $"{p.Key}={p.Value}")
            );
        Assert.Equal("size=67108864,mode=2770,gid=2000", Parameters(("size", "64Mi")));
        Assert.Equal("size=10%,mode=700,uid=5,gid=6", Parameters(("size", "10%"), ("mode", "0700"), ("uid", "5"), ("gid", "6")));
        Assert.Equal("tmpfs: option \"size\" is missing", Refusal(() => TmpfsPlan.From(Request(), policy)));
        Assert.Contains("is \"101%\"", Refusal(() => TmpfsPlan.From(Request(("size", "101%")), policy)), StringComparison.Ordinal);
    }

    [Fact]
    public void Loop_makes_an_image_only_with_a_size()
    {
        Assert.Null(LoopPlan.From(Request(("file", "a.img")), policy).CreateSize);
        Assert.Equal(1L << 30, LoopPlan.From(Request(("file", "a.img"), ("size", "1Gi")), policy).CreateSize);
        Assert.Null(LoopPlan.From(Request(("file", "a.img"), ("size", "1Gi"), ("create", "false")), policy).CreateSize);
        Assert.Equal(
            "loop: option \"size\" is missing",
            Refusal(() => LoopPlan.From(Request(("file", "a.img"), ("create", "true")), policy))
        );
        Assert.Equal(
            "loop: fsType is \"ntfs\"; \"ext4\", \"xfs\" or \"btrfs\" is wanted",
            Refusal(() => LoopPlan.From(Request(("file", "a.img")) with { FsType = "ntfs" }, policy))
        );
        Assert.Contains(
            "a file below the allowed root",
            Refusal(() => LoopPlan.From(Request(("file", ".")), policy)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Nfs_reads_server_and_share_or_both_in_one()
    {
        var plan = NfsPlan.From(Request(("server", "10.0.0.5"), ("share", "/x/")), policy);
        Assert.Equal(("10.0.0.5:/x", "10.0.0.5", (ushort)2049), (plan.Source, plan.Server.Name, plan.Server.Port));
        Assert.Equal(["4.2", "4.1", "4.0", "3"], plan.Versions);
        Assert.Equal("10.0.0.5:/x/y/z", NfsPlan.From(Request(("source", "10.0.0.5:/x"), ("subDir", "y/z/")), policy).Source);
        Assert.Equal(
            ["4.1"],
            NfsPlan.From(Request(("server", "s"), ("share", "/"), ("mountOptions", "nfsvers=4.1"), ("vers", "4.2")), policy).Versions
        );
        Assert.Equal("[fd00::1]:/x", NfsPlan.From(Request(("server", "fd00::1"), ("share", "/x")), policy).Source);
    }

    [Theory]
    [InlineData("nfs: option \"server\" is missing", "share", "/x")]
    [InlineData("nfs: option \"share\" is missing", "server", "s")]
    public void Nfs_wants_a_server_and_a_share(string message, string name, string value) =>
        Assert.Equal(message, Refusal(() => NfsPlan.From(Request((name, value)), policy)));

    [Theory]
    [InlineData("vers", "5")]
    [InlineData("subDir", "a/../../b")]
    [InlineData("port", "-1")]
    [InlineData("proto", "tcp,addr=1.2.3.4")]
    [InlineData("proto", "carrier-pigeon")]
    [InlineData("mountOptions", "vers=2")]
    [InlineData("mountOptions", "port=70000")]
    [InlineData("mountOptions", "remount")]
    [InlineData("source", "server")]
    [InlineData("source", "[fd00::1]/x")]
    public void Nfs_refuses(string name, string value) =>
        Assert.StartsWith(
            "nfs: ",
            Refusal(() => NfsPlan.From(Request(("server", "s"), ("share", "/x"), (name, value)), policy)),
            StringComparison.Ordinal
        );

    [Fact]
    public void Only_allowed_servers_are_mounted_from()
    {
        var narrow = policy with { Servers = ["10.0.0.*", "files.example.org"] };
        Assert.Equal(
            "nfs: server \"10.0.1.5\" is not among the allowed servers (node config)",
            Refusal(() => NfsPlan.From(Request(("server", "10.0.1.5"), ("share", "/x")), narrow))
        );
        Assert.NotNull(NfsPlan.From(Request(("server", "10.0.0.77"), ("share", "/x")), narrow));
        Assert.NotNull(NfsPlan.From(Request(("server", "FILES.example.org"), ("share", "/x")), narrow));
        Assert.Contains(
            "is not a server name",
            Refusal(() => NfsPlan.From(Request(("server", "a b"), ("share", "/x")), policy)),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("nas:/x", "; write the server alone, and the path behind the colon into option \"share\"")]
    [InlineData("nfs://nas/x", " but a URL; write the server alone, and the path into option \"share\"")]
    [InlineData("nas1,nas2", "; write one server, not several")]
    [InlineData("nas\\x", "")]
    public void What_people_write_behind_a_server_s_name_has_a_place_of_its_own(string server, string advice) =>
        Assert.Equal(
            $"nfs: \"{server}\" is not a server name{advice}",
            Refusal(() => NfsPlan.From(Request(("server", server), ("share", "/x")), policy))
        );

    [Theory]
    [InlineData("nas:2049", "nfs: server \"nas:2049\" is written with a port; write \"nas\", and 2049 into option \"port\"")]
    [InlineData("nas:port", "nfs: server \"nas:port\" is neither a name nor an IPv6 address")]
    [InlineData("nas:65536", "nfs: server \"nas:65536\" is neither a name nor an IPv6 address")]
    [InlineData(
        "me:secret@nas",
        "nfs: the server is written with a user before \"@nas\"; write the server alone, and user and password into the Secret"
    )]
    public void What_belongs_elsewhere_is_no_part_of_a_server_s_name(string server, string message)
    {
        Assert.Equal(message, Refusal(() => NfsPlan.From(Request(("server", server), ("share", "/x")), policy)));
        Assert.Equal(
            message.Replace("nfs: ", "cifs: ", StringComparison.Ordinal),
            Refusal(() => CifsPlan.From(Smb(("source", $"//{server}/x")), policy))
        );
    }

    [Theory]
    [InlineData("fd00::5")]
    [InlineData("[fd00::5]")]
    [InlineData("fe80::5%eth0")]
    public void An_IPv6_address_is_a_server_s_name(string server) =>
        Assert.Equal(server.Trim('[', ']'), NfsPlan.From(Request(("server", server), ("share", "/x")), policy).Server.Name);

    private static PublishRequest Smb(params (string Name, string Value)[] given) =>
        Request(given) with
        {
            Secrets = new Dictionary<string, Secret> { ["username"] = new Secret("u"u8.ToArray()) },
        };

    [Fact]
    public void Cifs_reads_a_source_in_both_slashes_and_its_parts()
    {
        Assert.Equal(
            ("//srv/share/sub", "srv"),
            (
                CifsPlan.From(Smb(("source", @"\\srv\share\sub")), policy).Source,
                CifsPlan.From(Smb(("source", "//srv/share/sub/")), policy).Server.Name
            )
        );
        Assert.Equal("//srv/share", CifsPlan.From(Smb(("server", "srv"), ("share", "/share")), policy).Source);
        Assert.Contains(
            "\"//server/share\" is wanted",
            Refusal(() => CifsPlan.From(Smb(("source", "//srv")), policy)),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "\"//server/share\" is wanted",
            Refusal(() => CifsPlan.From(Smb(("source", "//srv/share/../x")), policy)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Cifs_gives_files_to_the_fsGroup_unless_the_author_says_otherwise()
    {
        string Parameters(params (string, string)[] given) =>
            string.Join(
                ',',
                CifsPlan
                    .From(Smb([("source", "//s/x"), .. given]) with { FsGroup = 7 }, policy)
                    .Words.Parameters.Select(static p => $"{p.Key}={p.Value}")
            );
        Assert.Equal("gid=7,file_mode=0770,dir_mode=0770", Parameters());
        Assert.Equal("vers=3.0,gid=9,dir_mode=0755,file_mode=0770", Parameters(("mountOptions", "vers=3.0,gid=9"), ("dir_mode", "0755")));
    }

    [Fact]
    public void Cifs_wants_a_user_or_a_guest()
    {
        Assert.Equal("cifs: no username in the Secret", Refusal(() => CifsPlan.From(Request(("source", "//s/x")), policy)));
        Assert.True(CifsPlan.From(Request(("source", "//s/x"), ("guest", "true")), policy).IsGuest);
    }

    [Theory]
    [InlineData("/var/lib/kubelet/pods/0e6d1c2a-1111-2222-3333-444455556666/volumes/x/y", "0e6d1c2a-1111-2222-3333-444455556666")]
    [InlineData("/data/k/pods/0123456789abcdef0123456789abcdef/volumes/x/y", "0123456789abcdef0123456789abcdef")]
    [InlineData("/var/lib/kubelet/pods/../volumes/x/y", null)]
    [InlineData("/var/lib/kubelet/pods/0e6d1c2a-1111-2222-3333-44445555666x/volumes", null)]
    [InlineData("/pods", null)]
    public void A_pods_uid_is_the_name_behind_pods(string path, string? uid) => Assert.Equal(uid, UdsBackend.FindUid(path));

    [Fact]
    public void The_size_of_an_ext4_filesystem_is_in_its_superblock()
    {
        var block = new byte[1024];
        Assert.Null(Ext4Superblock.FindSize(block));
        (block[0x38], block[0x39], block[0x18], block[4], block[0x60], block[0x150]) = (0x53, 0xef, 2, 5, 0x80, 1);
        Assert.Equal(((1L << 32) + 5) * 4096, Ext4Superblock.FindSize(block));
    }
}
