using System.Text;
using Plugboard.Addresses;
using Plugboard.Dhcp;
using Plugboard.Dhcp.Client;
using Plugboard.Dhcp.Client6;
using Plugboard.Dhcp.Daemon;
using Plugboard.Dhcp.Wire;
using Plugboard.Protocols.Cni;

namespace Plugboard.Tests.Unit.Dhcp;

/// <summary>The config's keys, the daemon's flags, and the files of leases.</summary>
public sealed class DhcpConfigTests
{
    private static ConfigNode Config(string ipam) => NetworkConfig.Parse(Encoding.UTF8.GetBytes($$"""{"name":"n","ipam":{{ipam}}}""")).Root;

    private static DhcpConfig Parse(string ipam, string args = "") => DhcpConfig.Parse(Config(ipam), args);

    [Fact]
    public void Without_keys_routers_mask_DNS_and_MTU_are_requested()
    {
        var config = Parse("{}");
        Assert.Equal([3, 1, 6, 15, 26, 119], config.Requested);
        Assert.Equal("/run/cni/dhcp.sock", config.SocketPath);
        Assert.Empty(config.Provided);
    }

    [Theory]
    [InlineData("""[{"option":"121"}]""", "121 3 1 6 15 26 119")]
    [InlineData("""[{"option":121},{"option":"routers"}]""", "121 3 1 6 15 26 119")]
    [InlineData("""[{"skipDefault":true}]""", "")]
    [InlineData("""[{"skipDefault":true,"option":"subnet-mask"},{"option":"12"}]""", "1 12")]
    public void What_is_requested_comes_before_the_usual(string request, string expected) =>
        Assert.Equal(expected, string.Join(' ', Parse($$"""{"request":{{request}}}""").Requested));

    [Theory]
    [InlineData("IgnoreUnknown=1;K8S_POD_NAME=web", "web")]
    [InlineData("", "x")]
    [InlineData("other", "x")]
    public void An_option_s_value_is_that_of_CNI_ARGS_or_of_the_config(string args, string expected)
    {
        var provided = Parse("""{"provide":[{"option":"host-name","value":"x","fromArg":"K8S_POD_NAME"}]}""", args).Provided;
        Assert.Equal((12, expected), (provided.Single().Code, Encoding.UTF8.GetString(provided.Single().Value)));
    }

    [Theory]
    [InlineData("""{"request":[{"option":"foo"}]}""", "Can not parse option \"foo\"")]
    [InlineData("""{"request":[{"option":"256"}]}""", "Can not parse option \"256\"")]
    [InlineData("""{"request":[{"option":"255"}]}""", "option 255 cannot be used")]
    [InlineData("""{"priority":-1}""", "priority -1 is negative")]
    [InlineData("""{"priority":4294967296}""", "priority 4294967296 is too high")]
    [InlineData("""{"daemonSocketPath":"x"}""", "is not absolute")]
    [InlineData("""{"families":["ipv4","IPv6"]}""", "families has \"IPv6\"")]
    [InlineData("""{"families":[]}""", "families is empty")]
    [InlineData("""{"families":["ipv6","ipv6"]}""", "families has a family twice")]
    [InlineData("""{"ipv6":"stateless"}""", "ipv6 is \"stateless\", and families has no ipv6")]
    [InlineData("""{"families":["ipv6"],"ipv6":"stateless"}""", "ipv6 is \"stateless\", and families has no ipv4")]
    [InlineData("""{"families":["ipv6"],"ipv6":"both"}""", "ipv6 is \"both\"")]
    public void A_wrong_value_is_named(string ipam, string message)
    {
        Assert.Contains(message, Assert.Throws<CniException>(() => Parse(ipam)).Message, StringComparison.Ordinal);
        Assert.Contains(message, DhcpConfig.Validate(Config(ipam), "").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_of_more_than_255_bytes_is_refused()
    {
        var ipam = $$"""{"provide":[{"option":"12","value":"{{new string('x', 256)}}"}]}""";
        Assert.StartsWith("value too long for option 12", Assert.Throws<CniException>(() => Parse(ipam)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_client_s_id_is_the_reference_s_unless_the_config_provides_one()
    {
        var owner = new Attachment("net", new string('c', 300), "eth0");
        var usual = ClientProfile.From(owner with { ContainerId = "c" }, default, Parse("{}"), false);
        Assert.Equal("\0c/net/eth0", Encoding.UTF8.GetString(usual.ClientId));
        Assert.Equal(255, ClientProfile.From(owner, default, Parse("{}"), false).ClientId.Length);
        var provided = ClientProfile.From(owner, default, Parse("""{"provide":[{"option":"61","value":"me"}]}"""), false);
        Assert.Equal("me"u8.ToArray(), provided.ClientId);
        Assert.Empty(provided.Provided);
    }

    [Theory]
    [InlineData("10s", 10_000L)]
    [InlineData("1m2s", 62_000L)]
    [InlineData("1.5h", 5_400_000L)]
    [InlineData("200ms", 200L)]
    [InlineData("0", 0L)]
    [InlineData("", null)]
    [InlineData("10", null)]
    [InlineData("-1s", null)]
    [InlineData("s", null)]
    [InlineData("1x", null)]
    public void A_duration_is_Go_s(string text, long? expected) => Assert.Equal(expected, GoDuration.TryParse(text));

    [Fact]
    public void The_flags_are_the_reference_s()
    {
        string[] flags =
        [
            "-pidfile",
            "/p",
            "--hostprefix=/host/",
            "-socketpath",
            "/s",
            "-broadcast",
            "-timeout=1s",
            "-resendmax",
            "2s",
            "-resendtimeout",
            "3s",
            "-probe=0",
        ];
        var options = DaemonOptions.Parse(flags, out _)!;
        Assert.Equal(("/p", "/host", "/s", true), (options.PidFile, options.HostPrefix, options.SocketPath, options.Broadcast));
        Assert.Equal(new ClientTimings(1000, 2000, 3000, 0), options.Timings);
        Assert.Equal(new ClientTimings(10_000, 62_000, 208_000, 200), DaemonOptions.Parse([], out _)!.Timings);
        Assert.Equal(["/var/lib/cni/results", "/var/lib/cni/multus/results"], DaemonOptions.Parse([], out _)!.Results);
        Assert.Equal(["/a", "/b"], DaemonOptions.Parse(["-results=/a:/b"], out _)!.Results);
        Assert.Empty(DaemonOptions.Parse(["-results", ""], out _)!.Results);
    }

    [Theory]
    [InlineData("-x", "flag provided but not defined: -x")]
    [InlineData("-timeout", "flag needs an argument: -timeout")]
    [InlineData("-timeout=soon", "invalid value \"soon\" for flag -timeout")]
    [InlineData("-timeout=0", "invalid value \"0\" for flag -timeout")]
    [InlineData("-resendmax=-1s", "invalid value \"-1s\" for flag -resendmax")]
    [InlineData("-resendtimeout=208", "invalid value \"208\" for flag -resendtimeout")]
    [InlineData("-probe=x", "invalid value \"x\" for flag -probe")]
    [InlineData("-broadcast=perhaps", "invalid value \"perhaps\" for flag -broadcast")]
    [InlineData("-hostprefix=host", "invalid value \"host\" for flag -hostprefix: path not absolute")]
    [InlineData("-socketpath=", "invalid value \"\" for flag -socketpath: path not absolute")]
    [InlineData("-socketpath=dhcp.sock", "invalid value \"dhcp.sock\" for flag -socketpath: path not absolute")]
    [InlineData("word", "unknown argument word")]
    public void A_wrong_flag_is_named(string flag, string expected)
    {
        Assert.Null(DaemonOptions.Parse(flag == "-x" ? [flag, "1"] : [flag], out var fault));
        Assert.Equal(expected, fault);
    }

    [Theory]
    [InlineData("{}", true, false, false)]
    [InlineData("""{"families":["ipv4"]}""", true, false, false)]
    [InlineData("""{"families":["ipv6"]}""", false, true, false)]
    [InlineData("""{"families":["ipv6","ipv4"],"ipv6":"stateful"}""", true, true, false)]
    [InlineData("""{"families":["ipv4","ipv6"],"ipv6":"stateless"}""", true, true, true)]
    public void Families_are_those_of_the_key_and_IPv4_without_it(string ipam, bool hasIPv4, bool hasIPv6, bool isStateless)
    {
        var config = Parse(ipam);
        Assert.Equal((hasIPv4, hasIPv6, isStateless), (config.HasIPv4, config.HasIPv6, config.IsStateless));
        Assert.Empty(DhcpConfig.Validate(Config(ipam), ""));
    }

    [Fact]
    public void A_lease_is_read_from_its_file_as_it_was_written()
    {
        var record = new LeaseRecord
        {
            Owner = new Attachment("net", "c", "eth0"),
            NetNs = "/run/netns/a b",
            Args = "A=1\nB",
            Config = [1, 2, 0],
            Hardware = MacAddress.Parse("02:00:00:00:00:01"),
            HostLink = "",
            Acquired = 77,
            ServerHardware = MacAddress.Parse("02:00:00:00:00:02"),
            Ack = DhcpWriter.Write(new DhcpMessage()),
        };
        var read = LeaseRecord.Parse(record.ToContent())!;
        Assert.Equal(record.ToContent(), read.ToContent());
        Assert.Equal(record with { Config = read.Config, Ack = read.Ack }, read);
        Assert.Null(read.FindLease());
        Assert.Null(LeaseRecord.Parse("dhcp lease 2\n"u8));
        Assert.Null(LeaseRecord.Parse(record.ToContent().AsSpan(0, 100)));
        // A lease of IPv4 alone has the file of the version before.
        Assert.EndsWith(
            $"ack {Convert.ToBase64String(record.Ack)}\n",
            Encoding.UTF8.GetString(record.ToContent()),
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(
            '6',
            string.Concat(Encoding.UTF8.GetString(record.ToContent()).Split('\n').Select(static each => each.Split(' ')[0]))
        );
    }

    [Fact]
    public void A_lease_of_IPv6_is_on_further_lines_of_the_file()
    {
        var owner = new Attachment("net", "c", "eth0");
        var profile = Client6Profile.From(owner, isStateless: false);
        var association = Dhcp6Association.Write(profile.AssociationId, IPAddr.Parse("fd00::5"));
        association[35] = association[39] = 60;
        var record = new LeaseRecord
        {
            Owner = owner,
            NetNs = "/run/netns/a",
            Args = "",
            Config = [],
            Hardware = MacAddress.Parse("02:00:00:00:00:01"),
            HostLink = "m0",
            Acquired = 0,
            ServerHardware = default,
            Ack = [],
            Acquired6 = 77,
            LinkLocal = IPAddr.Parse("fe80::1"),
            Reply6 = Dhcp6Reader.Write(
                new Dhcp6Message
                {
                    Type = Dhcp6Type.Reply,
                    Options =
                    [
                        (Dhcp6Option.ClientIdentifier, profile.Duid),
                        (Dhcp6Option.ServerIdentifier, [0, 3]),
                        (Dhcp6Option.NonTemporary, association),
                    ],
                }
            ),
            IsPending = true,
        };
        var read = LeaseRecord.Parse(record.ToContent())!;
        Assert.Equal(record.ToContent(), read.ToContent());
        Assert.True(read.IsPending);
        Assert.Null(read.FindLease());
        var lease = read.FindLease6(isStateless: false)!;
        Assert.Equal(("fd00::5/128", 77 + 60_000), (lease.Prefix.ToString(), lease.Expiry));
        Assert.Equal("fe80::1", read.LinkLocal.ToString());
    }
}
