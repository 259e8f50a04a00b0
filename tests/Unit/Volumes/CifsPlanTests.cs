using Plugboard.Volumes;
using Plugboard.Volumes.Options;
using Plugboard.Volumes.Remote;

namespace Plugboard.Tests.Unit.Volumes;

/// <summary>
/// Mount options as volumes of fstab/cifs, juliohm/cifs and microsoft.com/smb have them, which gave them to mount.cifs(8).
/// </summary>
public sealed class CifsPlanTests
{
    private static readonly VolumePolicy policy = new();

    private static PublishRequest Request(string mountOptions, params (string Name, string Value)[] given) =>
        new(
            "/pods/u/volumes/v",
            new VolumeOptions(
                given.Append(("source", "//srv/share")).Append(("mountOptions", mountOptions)).ToDictionary(),
                OptionNames.Own
            )
        );

    private static PublishRequest Of(string mountOptions, params (string Name, string Value)[] given) =>
        Request(mountOptions, given) with
        {
            Secrets = new Dictionary<string, Secret>
            {
                ["username"] = new("bob"u8.ToArray()),
                ["password"] = new("a,b=c \"d'e$!"u8.ToArray()),
                ["domain"] = new("HOME\n"u8.ToArray()),
            },
        };

    private static CifsPlan Plan(string mountOptions, params (string Name, string Value)[] given) =>
        CifsPlan.From(Of(mountOptions, given), policy);

    private static string Words(CifsPlan plan) =>
        string.Join(',', plan.Words.Parameters.Select(static p => p.Value is null ? p.Key : $"{p.Key}={p.Value}"));

    private static string Who(CifsPlan plan) =>
        string.Join('|', plan.Identity.ToParameters("cifs").Select(static p => $"{p.Key}={p.Value}"));

    [Theory]
    [InlineData("nodfs,nohandlecache,nolease,max_credits=100,retrans=5,sync,modefromsid")]
    [InlineData(
        "nosharesock,noblocksend,noautotune,nosparse,nodelete,nocase,ignorecase,forcemand,idsfromsid,rwpidforward,locallease,"
            + "signloosely,multiuser,nounix,tcpnodelay"
    )]
    [InlineData(
        "netbiosname=A,servern=B,srcaddr=10.0.0.9,esize=1,acregmax=5,acdirmax=5,echo_interval=10,handletimeout=1,cache=none,"
            + "iocharset=utf8,sec=ntlmssp,sign,seal"
    )]
    [InlineData(
        "backupuid=0,backupgid=0,noposixpaths,noacl,nouser_xattr,nobrl,noserverino,nomapposix,mapchars,mfsymlinks,cifsacl,"
            + "setuids,dynperm,fsc,noperm,hard"
    )]
    [InlineData("context=\"system_u:object_r:container_file_t:s0:c1,c2\",vers=2.1")]
    public void What_the_kernel_takes_is_passed_on(string words) =>
        Assert.Equal(words.Replace("\"", "", StringComparison.Ordinal), Words(Plan(words)));

    [Theory]
    [InlineData("_netdev,nofail,x-systemd.automount,defaults,auto,user,comment=x,rw,suid,relatime,sloppy", "")]
    [InlineData("fmask=644,dmask=0755,dirm=700", "file_mode=0644,dir_mode=0700")]
    [InlineData("file_mode=755,dir_mode=0x1ff", "file_mode=0755,dir_mode=0x1ff")]
    [InlineData("nolock,servernetbiosname=S,ver=1,unc=//x/y,target=z", "nobrl,servern=S")]
    [InlineData("snapshot=@GMT-2019.03.27-20.52.19", "snapshot=131981935390000000")]
    [InlineData("snapshot=131981935390000000", "snapshot=131981935390000000")]
    [InlineData("uid=,gid=,vers=3.0,vers=2.1", "vers=2.1")]
    [InlineData("bogus=1,sloppy,noperm", "noperm")]
    public void What_mount_cifs_did_itself_is_done(string words, string parameters) => Assert.Equal(parameters, Words(Plan(words)));

    [Fact]
    public void No_version_is_passed_unless_one_was_given()
    {
        Assert.DoesNotContain("vers", Words(Plan("dir_mode=0755,file_mode=0644,noperm")), StringComparison.Ordinal);
        Assert.Equal("vers=3.02", Words(Plan("", ("vers", "3.02"))));
        Assert.Equal("vers=1.0", Words(Plan("vers=1.0", ("vers", "3.0"))));
        Assert.Equal("vers=3.0", Words(CifsPlan.From(Of("vers=1.0"), policy with { ForcedMountOptions = "vers=3.0" })));
    }

    [Theory]
    [InlineData("domain=CORP", "username=bob|password=a,b=c \"d'e$!|domain=CORP")]
    [InlineData("dom=CORP", "username=bob|password=a,b=c \"d'e$!|domain=CORP")]
    [InlineData("workgroup=CORP", "username=bob|password=a,b=c \"d'e$!|domain=CORP")]
    [InlineData("", "username=bob|password=a,b=c \"d'e$!|domain=HOME")]
    [InlineData("username=eve,password=x,pass=y", "username=eve|password=a,b=c \"d'e$!|domain=HOME")]
    [InlineData("user=CORP\\eve", "username=eve|password=a,b=c \"d'e$!|domain=HOME")]
    [InlineData("guest", "username=bob|password=a,b=c \"d'e$!|domain=HOME")]
    public void User_and_domain_of_the_options_and_the_password_of_the_Secret_count(string words, string who) =>
        Assert.Equal(who, Who(Plan(words)));

    [Theory]
    [InlineData("username=eve,password=x,domain=D", "username=eve|password=x|domain=D")]
    [InlineData("user=eve,pass=x,pass=y", "username=eve|password=x")]
    [InlineData("user=CORP\\eve,pass=x", "username=eve|password=x|domain=CORP")]
    public void Options_may_tell_all_where_there_is_no_Secret(string words, string who) =>
        Assert.Equal(who, Who(CifsPlan.From(Request(words), policy)));

    [Theory]
    [InlineData("guest")]
    [InlineData("sec=none")]
    [InlineData("username=")]
    public void A_guest_needs_no_Secret(string words) => Assert.True(CifsPlan.From(Request(words), policy).IsGuest);

    [Fact]
    public void A_domain_may_be_an_option_of_its_own()
    {
        Assert.EndsWith("|domain=CORP", Who(Plan("", ("domain", "CORP"))), StringComparison.Ordinal);
        Assert.Equal("CORP", Plan("domain=CORP").Domain);
        Assert.Null(Plan("").Domain);
    }

    [Fact]
    public void The_server_is_looked_for_where_the_options_say()
    {
        Assert.Equal((445, null, "srv"), ((int)Plan("").Server.Port, Plan("").Server.Address, Plan("").Server.Name));
        Assert.Equal((4455, "port=4455"), ((int)Plan("port=4455").Server.Port, Words(Plan("port=4455"))));
        Assert.Equal((4455, "port=4455"), ((int)Plan("", ("port", "4455")).Server.Port, Words(Plan("", ("port", "4455")))));
        Assert.Equal("10.0.0.5", Plan("ip=10.0.0.5").Server.Address!.Value.ToString());
        Assert.Equal("fd00::5", Plan("addr=fd00::5").Server.Address!.Value.ToString());
        Assert.Contains("an address is wanted", Refusal("ip=nas"), StringComparison.Ordinal);
        Assert.Contains("\"port\" is \"0\"", Refusal("port=0"), StringComparison.Ordinal);
    }

    private static string Refusal(string words) => Assert.ThrowsAny<VolumeException>(() => Plan(words)).Message;

    [Fact]
    public void An_address_leads_to_no_server_that_is_not_allowed()
    {
        var narrow = policy with { Servers = ["srv", "10.0.0.*"] };
        Assert.NotNull(CifsPlan.From(Of("ip=10.0.0.5"), narrow));
        Assert.Equal(
            "cifs: server \"10.0.1.5\" is not among the allowed servers (node config)",
            Assert.Throws<VolumeException>(() => CifsPlan.From(Of("ip=10.0.1.5"), narrow)).Message
        );
    }

    [Fact]
    public void A_file_of_the_node_is_read_only_where_the_node_config_lists_it()
    {
        Assert.Equal(
            "cifs: mount option \"credentials\" names /etc/shadow, which the node config's \"credentialFiles\" does not list; "
                + "list it there, or put username, password and domain into the Secret",
            Assert.Throws<VolumeException>(() => CifsPlan.From(Request("credentials=/etc/shadow"), policy)).Message
        );
        Assert.Equal(
            "/etc/smb.cred",
            CifsPlan.From(Request("cred=/etc/smb.cred"), policy with { CredentialFiles = ["/etc/smb.cred"] }).Identity.File
        );
    }

    [Fact]
    public void A_credentials_file_is_read_as_mount_cifs_reads_it()
    {
        var told = CifsIdentity.Parse("# of the shop\nusername=bob\r\n  PASSWORD= a=b,c \ndomain=CORP\nnonsense\n=x\n");
        Assert.Equal(
            "username=bob|password= a=b,c |domain=CORP",
            string.Join('|', told.ToParameters("cifs").Select(static p => $"{p.Key}={p.Value}"))
        );
    }

    [Fact]
    public void The_owner_of_all_files_may_be_the_pods_group()
    {
        Assert.Equal(
            "uid=7,gid=7,file_mode=0770,dir_mode=0770",
            Words(CifsPlan.From(Of("", ("uid", "fsGroup")) with { FsGroup = 7 }, policy))
        );
        Assert.Equal("", Words(Plan("", ("uid", "fsGroup"))));
    }

    [Theory]
    [InlineData("//srv//share///sub/", "//srv/share/sub")]
    [InlineData("\\\\srv\\share\\a b", "//srv/share/a b")]
    [InlineData(" //srv/share ", "//srv/share")]
    [InlineData("//srv/my\\040share/a\\040b", "//srv/my share/a b")]
    [InlineData("\\\\srv\\share\\040", "//srv/share/040")]
    [InlineData("//[fd00::5]/share", "//[fd00::5]/share")]
    public void A_source_is_as_mountinfo_will_show_it(string written, string source)
    {
        var options = new VolumeOptions(new Dictionary<string, string> { ["source"] = written }, OptionNames.Own);
        var plan = CifsPlan.From(Of("") with { Options = options }, policy);
        Assert.Equal((source, source[2..source.IndexOf('/', 2)].Trim('[', ']')), (plan.Source, plan.Server.Name));
    }

    [Theory]
    [InlineData("prefixpath=a/b", "//srv/share/a/b")]
    [InlineData("prefixpath=\\a\\b", "//srv/share/a/b")]
    public void A_prefix_path_is_part_of_the_source(string words, string source) => Assert.Equal(source, Plan(words).Source);

    [Theory]
    [InlineData("prefixpath=../x")]
    [InlineData("source=//other/share")]
    [InlineData("rootfs")]
    [InlineData("password2=x")]
    [InlineData("uidd=5")]
    public void What_leads_elsewhere_or_is_unknown_is_refused(string words) =>
        Assert.StartsWith("cifs: ", Refusal(words), StringComparison.Ordinal);

    [Fact]
    public void A_secret_with_a_NUL_is_refused_instead_of_cut()
    {
        var secrets = new Dictionary<string, Secret> { ["username"] = new("bob"u8.ToArray()), ["password"] = new("a\0b"u8.ToArray()) };
        var request = Of("") with { Secrets = secrets };
        Assert.Equal(
            "cifs: the password contains a NUL byte",
            Assert.Throws<VolumeException>(() => CifsPlan.From(request, policy).Identity.ToParameters("cifs").ToList()).Message
        );
    }

    [Fact]
    public void No_text_of_a_plan_shows_who_asks()
    {
        var plan = Plan("username=eve,password=hunter2,domain=CORP");
        var text = $"{plan} {plan.Identity} {plan.Words} {string.Join(' ', plan.Identity.ToParameters("cifs"))}";
        Assert.All((string[])["hunter2", "d'e$!", "eve", "bob"], secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("root:x:0:0:root:/root:/bin/sh\nweb:x:33:44::/:/bin/false\n", "web", "33")]
    [InlineData("web:x:33:", "web", "33")]
    [InlineData("webx:x:33:\n#web:x:1:\nweb:x:-1:\nweb", "web", null)]
    [InlineData("", "web", null)]
    public void Names_of_users_and_groups_are_the_nodes(string text, string name, string? number) =>
        Assert.Equal(number, NodeAccounts.FindNumber(text, name));

    [Theory]
    [InlineData("010", "10")]
    [InlineData("root", "0")]
    public void Numbers_of_users_are_decimal(string name, string number) =>
        Assert.Equal(number, NodeAccounts.NumberOf("cifs", "uid", name));

    [Fact]
    public void A_user_whom_the_node_has_not_got_is_reported() =>
        Assert.Equal(
            "cifs: mount option \"gid\" is \"no-such-group\", and the node has no group of that name (/etc/group); use the number",
            Assert.Throws<VolumeException>(static () => NodeAccounts.NumberOf("cifs", "gid", "no-such-group")).Message
        );

    private const string Connections = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:9C40 0500000A:1167 01 00000000:00000000 00:00000000 00000000     0        0 1 1
           1: 0100007F:9C41 0500000A:0016 01 00000000:00000000 00:00000000 00000000     0        0 1 1
           5: 0100007F:9C42 0500000A:01BD 06 00000000:00000000 00:00000000 00000000     0        0 1 1
           2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
           3: 0000000000000000FFFF00000100007F:0016 0000000000000000FFFF00000600000A:01BD 01 0:0
           4: 000000FD000000000000000001000000:0016 000000FD000000000000000005000000:01BD 01 0:0
        """;

    [Theory]
    [InlineData("10.0.0.5", "22,4455")]
    [InlineData("10.0.0.6", "445")]
    [InlineData("fd00::500:0", "")]
    [InlineData("fd00::5", "445")]
    [InlineData("10.0.0.7", "")]
    public void The_far_ends_of_connections_are_found(string address, string ports) =>
        Assert.Equal(ports, string.Join(',', ServerConnections.Parse(Connections).PortsTo(Plugboard.Addresses.IPAddr.Parse(address))));
}
