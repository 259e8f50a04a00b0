using Plugboard.Linux;
using Plugboard.Volumes;
using Plugboard.Volumes.Options;
using Plugboard.Volumes.Remote;

namespace Plugboard.Tests.Unit.Volumes;

/// <summary>Options as volumes of k8s/nfs and alicloud/nas have them, which gave them to mount.nfs(8).</summary>
public sealed class NfsPlanTests
{
    private static readonly VolumePolicy policy = new();

    private static NfsPlan Plan(params (string Name, string Value)[] given) =>
        NfsPlan.From(
            new(
                "/pods/u/volumes/v",
                new VolumeOptions(
                    given.Where(static g => g.Value.Length > 0).Reverse().DistinctBy(static g => g.Name).ToDictionary(),
                    OptionNames.Own
                )
            ),
            policy
        );

    private static NfsPlan With(string mountOptions, params (string Name, string Value)[] given) =>
        Plan([("server", "nas"), ("share", "/x"), ("mountOptions", mountOptions), .. given]);

    private static string Words(NfsPlan plan) =>
        string.Join(',', plan.Words.Parameters.Select(static p => p.Value is null ? p.Key : $"{p.Key}={p.Value}"));

    [Fact]
    public void A_url_is_refused_with_the_form_that_is_wanted() =>
        Assert.Equal(
            "nfs: option \"source\" is \"nfs://nas/x\"; \"server:/path\" is wanted",
            Assert.Throws<VolumeException>(static () => Plan(("source", "nfs://nas/x"))).Message
        );

    [Theory]
    [InlineData("", "4.2 4.1 4.0 3")]
    [InlineData("vers=3", "3")]
    [InlineData("nfsvers=3.0", "3")]
    [InlineData("vers=4", "4.2 4.1 4.0")]
    [InlineData("v4", "4.2 4.1 4.0")]
    [InlineData("v3", "3")]
    [InlineData("v4.1", "4.1")]
    [InlineData("vers=4,minorversion=1", "4.1")]
    [InlineData("minorversion=0", "4.0")]
    [InlineData("vers=4.2,nfsvers=4.1", "4.1")]
    [InlineData("mountport=4002", "3")]
    [InlineData("mountproto=udp", "3")]
    [InlineData("mounthost=10.0.0.9", "3")]
    [InlineData("proto=udp", "3")]
    [InlineData("udp,vers=4.1", "4.1")]
    public void Versions_are_those_that_mount_nfs_would_try(string words, string versions) =>
        Assert.Equal(versions, string.Join(' ', With(words).Versions));

    [Theory]
    [InlineData("nfsvers=5", "mount option \"nfsvers\" is \"5\"; \"4.2\", \"4.1\", \"4.0\", \"4\" or \"3\" is wanted")]
    [InlineData("v2", "mount option \"v2\" is \"2\"; \"4.2\", \"4.1\", \"4.0\", \"4\" or \"3\" is wanted")]
    [InlineData("minorversion=7", "mount option \"minorversion\" is \"4.7\"; \"4.2\", \"4.1\", \"4.0\", \"4\" or \"3\" is wanted")]
    [InlineData("proto=tcp4", "mount option \"proto\" is \"tcp4\"; \"tcp\", \"tcp6\", \"udp\" or \"rdma\" is wanted")]
    [InlineData("port=99999", "mount option \"port\" is \"99999\"; a TCP port is wanted")]
    [InlineData("mountport=x", "mount option \"mountport\" is \"x\"; a TCP port is wanted")]
    public void A_wrong_value_is_reported_by_the_mount_option_s_own_name(string words, string message) =>
        Assert.Equal($"nfs: {message}", Assert.Throws<VolumeException>(() => With(words)).Message);

    [Fact]
    public void An_option_may_list_versions()
    {
        Assert.Equal(["3", "4.2", "4.1", "4.0"], With("", ("vers", " 3.0 , 4 ")).Versions);
        Assert.Equal(["4.1"], With("vers=4.1", ("vers", "3")).Versions);
    }

    [Theory]
    [InlineData(
        "timeo=600,retrans=2,rsize=65536,noac,acregmin=1,nocto,lookupcache=pos,fsc=shop,nosharecache,nordirplus,noresvport,"
            + "local_lock=flock,nconnect=4,xprtsec=tls,sec=sys:krb5,write=eager,noposix"
    )]
    [InlineData(
        "clientaddr=0.0.0.0,namlen=200,softreval,nosoftreval,sync,nomigration,trunkdiscovery,max_connect=2,bsize=4096,nolock,noacl"
    )]
    public void What_the_kernel_takes_is_passed_on(string words) => Assert.Equal($"{words},hard", Words(With(words)));

    [Theory]
    [InlineData("_netdev,bg,retry=5,fg,intr,nofail,x-a=b,defaults,addr=10.0.0.1,nfsprog=100003,mountprog=100005", "hard")]
    [InlineData("soft", "soft")]
    [InlineData("softerr,timeo=10", "timeo=10,softerr")]
    [InlineData("soft,hard", "hard")]
    [InlineData("tcp,proto=tcp", "hard")]
    [InlineData("port=0", "hard")]
    [InlineData("port=20490", "port=20490,hard")]
    [InlineData("timeo=1,timeo=2", "timeo=2,hard")]
    [InlineData("sloppy,bogus", "hard")]
    public void What_mount_nfs_did_itself_is_done(string words, string parameters) => Assert.Equal(parameters, Words(With(words)));

    [Fact]
    public void Soft_is_reported_wherever_it_was_given()
    {
        Assert.True(With("soft").IsSoft);
        Assert.True(With("", ("soft", "true")).IsSoft);
        Assert.False(With("").IsSoft);
        Assert.False(With("hard", ("soft", "true")).IsSoft);
    }

    [Fact]
    public void The_server_is_looked_for_where_the_options_say()
    {
        Assert.Equal(2049, With("").Server.Port);
        Assert.Equal(20490, With("port=20490", ("port", "1")).Server.Port);
        Assert.Equal((20490, "port=20490,hard"), ((int)With("", ("port", " 20490 ")).Server.Port, Words(With("", ("port", "20490")))));
        Assert.Equal((111, true, "nas"), ((int)With("").Mountd.Port, With("").Mountd.IsTcp, With("").Mountd.Name));
        Assert.Equal(
            (4002, false),
            ((int)With("mountport=4002,mountproto=udp").Mountd.Port, With("mountport=4002,mountproto=udp").Mountd.IsTcp)
        );
        Assert.Equal("10.0.0.9", With("mounthost=10.0.0.9").Mountd.Name);
        Assert.False(With("proto=udp").Server.IsTcp);
        Assert.False(With("rdma").Server.IsTcp);
        Assert.True(With("proto=tcp6").Server.IsTcp);
        Assert.Contains(
            "\"mountport\" is \"x\"",
            Assert.Throws<VolumeException>(static () => With("mountport=x")).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_host_of_mountd_must_be_allowed_too()
    {
        var given = new Dictionary<string, string>
        {
            ["server"] = "nas",
            ["share"] = "/x",
            ["mountOptions"] = "mounthost=10.0.0.9",
        };
        var request = new PublishRequest("/t", new VolumeOptions(given, OptionNames.Own));
        Assert.Equal(
            "nfs: server \"10.0.0.9\" is not among the allowed servers (node config)",
            Assert.Throws<VolumeException>(() => NfsPlan.From(request, policy with { Servers = ["nas"] })).Message
        );
    }

    [Theory]
    [InlineData("nas", "dws_nas_scratch", "nas:/dws_nas_scratch")]
    [InlineData(" nas ", "/a//b/", "nas:/a/b")]
    [InlineData("nas", "/", "nas:/")]
    [InlineData("nas", "//", "nas:/")]
    [InlineData("nas", "/a b", "nas:/a b")]
    [InlineData("fd00::1", "/x", "[fd00::1]:/x")]
    [InlineData("[fd00::1]", "x", "[fd00::1]:/x")]
    public void A_share_begins_at_the_servers_top(string server, string share, string source) =>
        Assert.Equal(source, Plan(("server", server), ("share", share)).Source);

    [Theory]
    [InlineData("nas:/x/", "nas", "nas:/x")]
    [InlineData("nas:x", "nas", "nas:/x")]
    [InlineData("[fd00::1]:/x", "fd00::1", "[fd00::1]:/x")]
    [InlineData("[fd00::1]:x", "fd00::1", "[fd00::1]:/x")]
    [InlineData("fd00::1:/x", "fd00::1", "[fd00::1]:/x")]
    public void Server_and_share_may_be_in_one(string written, string server, string source)
    {
        var plan = Plan(("source", written));
        Assert.Equal((server, source), (plan.Server.Name, plan.Source));
    }

    [Theory]
    [InlineData("FD00::1")]
    [InlineData("[fd00:0:0::1]")]
    [InlineData("fd00::*")]
    public void An_allowed_address_may_be_written_in_any_way(string allowed) =>
        Assert.NotNull(
            NfsPlan.From(
                new("/t", new VolumeOptions(new Dictionary<string, string> { ["source"] = "[fd00::1]:/x" }, OptionNames.Own)),
                policy with
                {
                    Servers = [allowed],
                }
            )
        );

    [Theory]
    [InlineData("", "", "nas:/a/b||False")]
    [InlineData("/,/share", "", "nas:/a/b||False nas:/|a/b|True")]
    [InlineData("/a,/share", "c", "nas:/a/b|c|False nas:/a|b/c|True")]
    [InlineData("/a/b", "", "nas:/a/b||False")]
    [InlineData("/a/bc", "", "nas:/a/b||False")]
    public void A_share_that_the_server_has_not_got_may_be_made_below_another(string parents, string sub, string places) =>
        Assert.Equal(
            places,
            string.Join(
                ' ',
                Plan(("server", "nas"), ("share", "/a/b"), ("parents", parents), ("subDir", sub))
                    .Places.Select(static p => $"{p.Export}|{p.SubDirectory}|{p.Create}")
            )
        );

    private static readonly string[] all = ["4.2", "4.1", "4.0", "3"];

    [Theory]
    [InlineData(0, Errno.EPROTONOSUPPORT, 1)]
    [InlineData(0, Errno.EINVAL, 1)]
    [InlineData(2, Errno.EPROTONOSUPPORT, 3)]
    [InlineData(3, Errno.EPROTONOSUPPORT, -1)]
    [InlineData(0, Errno.ENOENT, 3)]
    [InlineData(1, Errno.EPERM, 3)]
    [InlineData(3, Errno.ENOENT, -1)]
    [InlineData(0, Errno.EACCES, -1)]
    [InlineData(0, Errno.ETIMEDOUT, -1)]
    [InlineData(0, Errno.ECONNREFUSED, 1)]
    public void The_next_version_is_tried_where_mount_nfs_would(int at, Errno errno, int next) =>
        Assert.Equal(next, NfsVersions.Next(all, at, new ErrnoException("mount", "x", errno)));

    [Fact]
    public void Version_4_follows_a_server_without_mountd() =>
        Assert.Equal(1, NfsVersions.Next(["3", "4.2"], 0, new ErrnoException("connect", "x", Errno.ECONNREFUSED)));
}
