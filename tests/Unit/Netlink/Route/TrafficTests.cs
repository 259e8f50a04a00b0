using Plugboard.Linux;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Netlink.Route.Traffic;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Tests.Unit.Netlink.ScriptedKernel;

namespace Plugboard.Tests.Unit.Netlink.RouteTests;

/// <summary>Traffic control on the wire; the bytes inside the attributes are those that the reference's bandwidth plugin sends.</summary>
public sealed class TrafficTests
{
    private const string Settings =
        "28000100" + "000000000000000040420F00" + "000000000000000000000000" + "48E80100" + "84D71700" + "00000000";

    private readonly ScriptedKernel kernel = new();

    private string Body(int request = 0) => Convert.ToHexString(kernel.Sent[request].AsSpan(16));

    [Fact]
    public void A_token_bucket_has_the_references_bytes()
    {
        kernel.Acknowledge().Client().Qdiscs.Add(Qdisc.AtRoot(2, new Tbf(1_000_000, 125_000, 1_562_500)));
        Assert.Equal("00000000" + "02000000" + "00000100" + "FFFFFFFF" + "00000000" + "0800010074626600" + "2C000280" + Settings, Body());
    }

    [Fact]
    public void A_rate_beyond_32_bits_has_its_low_half_in_the_old_place()
    {
        kernel.Acknowledge().Client().Qdiscs.Replace(Qdisc.AtRoot(2, new Tbf(5_000_000_000, 1, 2)));
        Assert.Contains("00F2052A", Body(), StringComparison.Ordinal);
        Assert.EndsWith("0C000400" + "00F2052A01000000", Body(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_redirection_of_all_packets_has_the_references_bytes()
    {
        kernel
            .Acknowledge()
            .Client()
            .Filters.Add(
                new Filter
                {
                    LinkIndex = 2,
                    Parent = TrafficHandle.OfIngress,
                    Priority = 1,
                    Protocol = Filter.AllProtocols,
                    Kind = "u32",
                    ClassId = new TrafficHandle(1, 1),
                    Keys = [FilterKey.Any],
                    Redirects = [new Redirect(3, FilterVerdict.Stolen), new Redirect(3, FilterVerdict.Pass)],
                }
            );
        Assert.Equal(
            "00000000"
                + "02000000"
                + "00000000"
                + "0000FFFF"
                + "00030100"
                + ("0800010075333200" + "9C000280")
                + ("24000500" + "0100010000000000" + "0000000000000000" + "00000000000000000000000000000000")
                + ("08000100" + "01000100" + "6C000780")
                + ("34000180" + "0B0001006D69727265640000" + "24000280" + "20000200" + "0000000000000000" + "04000000")
                + ("0000000000000000" + "01000000" + "03000000")
                + ("34000280" + "0B0001006D69727265640000" + "24000280" + "20000200" + "0000000000000000" + "00000000")
                + ("0000000000000000" + "01000000" + "03000000"),
            Body()
        );
    }

    // As the reference's 1.5.1 sends them, but for rate tables that the kernel does not look at.
    [Fact]
    public void An_htb_has_the_references_bytes()
    {
        kernel.Acknowledge().Client().Qdiscs.Add(Qdisc.AtRoot(2, new Htb(0x30)));
        Assert.Equal(
            ("00000000" + "02000000" + "00000100" + "FFFFFFFF" + "00000000" + "0800010068746200" + "1C000280")
                + ("18000200" + "03000000" + "0A000000" + "30000000" + "00000000" + "00000000"),
            Body()
        );
    }

    [Fact]
    public void A_class_has_its_rate_twice_where_it_does_not_fit_into_32_bits()
    {
        var batch = new RouteBatch();
        batch.Add(TrafficClass.OfRoot(2, 0x30, new HtbClass(1_000_000, 5_000_000_000, 1_562_500, 7)));
        kernel.Answer(s => [Ack(s, Errno.None)]).Client().TryExecute(batch);
        Assert.Equal(
            ("00000000" + "02000000" + "30000100" + "FFFFFFFF" + "00000000" + "0800010068746200" + "40000280")
                + ("30000100" + "000100000000000040420F00" + "0001000000000000FFFFFFFF" + "84D71700" + "07000000")
                + ("00000000" + "00000000" + "00000000" + "0C000700" + "00F2052A01000000"),
            Body()
        );
    }

    [Fact]
    public void A_filter_by_destination_has_the_references_keys()
    {
        kernel
            .Acknowledge()
            .Client()
            .Filters.Add(
                new Filter
                {
                    LinkIndex = 2,
                    Parent = new TrafficHandle(1, 0),
                    Priority = 15,
                    Protocol = Filter.IPv6Protocol,
                    Kind = "u32",
                    ClassId = new TrafficHandle(1, 1),
                    Keys =
                    [
                        new FilterKey(0xffff_ffff, 0xfd00_0db8, 24),
                        new FilterKey(0xffff_ffff, 0xabcd_1234, 28),
                        new FilterKey(0xf000_0000, 0xe000_0000, 32),
                    ],
                }
            );
        Assert.Equal(
            ("00000000" + "02000000" + "00000000" + "00000100" + "86DD0F00" + "0800010075333200" + "50000280")
                + ("44000500" + "0100030000000000" + "0000000000000000")
                + ("FFFFFFFF" + "FD000DB8" + "18000000" + "00000000")
                + ("FFFFFFFF" + "ABCD1234" + "1C000000" + "00000000")
                + ("F0000000" + "E0000000" + "20000000" + "00000000")
                + ("08000100" + "01000100"),
            Body()
        );
    }

    [Fact]
    public void An_ifb_has_its_queue_length_and_its_kind()
    {
        kernel
            .Acknowledge()
            .Client()
            .Links.Add(
                new IfbSpec
                {
                    Name = "x0",
                    Mtu = 1450,
                    TxQueueLength = 0,
                    Up = true,
                }
            );
        Assert.Equal(
            "00000000"
                + "00000000"
                + "01000000"
                + "01000000"
                + "0700030078300000"
                + "08000400AA050000"
                + "08000D0000000000"
                + ("10001280" + "0800010069666200" + "04000280"),
            Body()
        );
    }

    [Theory]
    [InlineData(Errno.ENOENT)]
    [InlineData(Errno.EINVAL)]
    public void A_place_without_a_qdisc_is_null(Errno errno)
    {
        kernel.Answer(s => [Ack(s, errno)]);
        Assert.Null(kernel.Client().Qdiscs.Find(2, TrafficHandle.Ingress));
    }

    // Linux 6.18 after a qdisc was removed.
    [Fact]
    public void A_stand_in_that_is_acknowledged_and_not_reported_is_null()
    {
        kernel.Acknowledge();
        Assert.Null(kernel.Client().Qdiscs.Find(2, TrafficHandle.Ingress));
    }

    [Fact]
    public void A_bucket_is_read_with_a_rate_of_either_size()
    {
        kernel.Answer(s => [Report(s, new Tbf(1_000_000, 125_000, 1_562_500)), Ack(s, Errno.None)]);
        kernel.Answer(s => [Report(s, new Tbf(5_000_000_000, 1, 2)), Ack(s, Errno.None)]);
        using var client = kernel.Client();
        Assert.Equal(new Tbf(1_000_000, 125_000, 1_562_500), client.Qdiscs.Find(2, TrafficHandle.Root)?.Tbf);
        Assert.Equal(new Tbf(5_000_000_000, 1, 2), client.Qdiscs.Find(2, TrafficHandle.Root)?.Tbf);
    }

    private static byte[] Report(uint sequence, Tbf tbf) =>
        Message(RtnetlinkH.RTM_NEWQDISC, sequence, 0, writer => Qdisc.AtRoot(2, tbf).Write(writer));

    [Fact]
    public void A_kind_is_known_unless_the_kernel_says_that_it_is_not()
    {
        kernel.Answer(s => [Ack(s, Errno.EINVAL)]).Answer(s => [Ack(s, Errno.ENOENT)]);
        kernel.Answer(s => [Ack(s, Errno.EINVAL)]).Answer(s => [Ack(s, Errno.EOPNOTSUPP)]);
        kernel.Answer(s => [Ack(s, Errno.EINVAL)]).Answer(s => [Ack(s, Errno.ENOENT)]);
        using var client = kernel.Client();
        Assert.True(client.Qdiscs.Knows("tbf"));
        Assert.False(client.Qdiscs.Knows("tbf"));
        Assert.True(client.Links.Knows("ifb"));
        Assert.False(client.Links.Knows("ifb"));
        Assert.True(client.Filters.KnowsAction("mirred"));
        Assert.False(client.Filters.KnowsAction("mirred"));
    }

    [Fact]
    public void A_bucket_and_a_redirection_in_words()
    {
        kernel.Acknowledge().Acknowledge();
        using var client = kernel.Client();
        client.Qdiscs.Add(Qdisc.AtRoot(2, new Tbf(5_000_000_000, 1, 2)));
        client.Filters.Add(
            new Filter
            {
                LinkIndex = 2,
                Parent = TrafficHandle.OfIngress,
                Priority = 1,
                Protocol = Filter.AllProtocols,
                Kind = "u32",
                ClassId = new TrafficHandle(1, 1),
                Redirects = [new Redirect(3, FilterVerdict.Stolen)],
            }
        );
        Assert.Equal(
            """
            > RTM_NEWQDISC REQUEST|ACK|EXCL|CREATE seq 1: index 2 handle 1: parent root
            >     TCA_KIND "tbf"
            >     TCA_OPTIONS
            >         TCA_TBF_PARMS 000000000000000000F2052A000000000000000000000000010000000200000000000000
            >         TCA_TBF_RATE64 5000000000
            < ACK seq 1
            > RTM_NEWTFILTER REQUEST|ACK|EXCL|CREATE seq 2: index 2 handle 0x0 parent ffff: priority 1 protocol 3
            >     TCA_KIND "u32"
            >     TCA_OPTIONS
            >         TCA_U32_SEL 0100010000000000000000000000000000000000000000000000000000000000
            >         TCA_U32_CLASSID 65537
            >         TCA_U32_ACT
            >             action 1
            >                 TCA_ACT_KIND "mirred"
            >                 TCA_ACT_OPTIONS
            >                     TCA_MIRRED_PARMS 00000000000000000400000000000000000000000100000003000000
            < ACK seq 2
            """,
            string.Join('\n', kernel.Trace)
        );
    }

    [Theory]
    [InlineData(0xffff_ffff, "root")]
    [InlineData(0x0001_0000, "1:")]
    [InlineData(0xffff_fff1, "ffff:fff1")]
    public void A_handle_is_printed_as_tc_does(uint value, string text) => Assert.Equal(text, new TrafficHandle(value).ToString());
}
