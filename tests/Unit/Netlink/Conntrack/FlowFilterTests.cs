using FsCheck;
using FsCheck.Fluent;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Conntrack;
using Plugboard.Netlink.Conntrack.Uapi;
using static Plugboard.Tests.Unit.Netlink.ScriptedKernel;

namespace Plugboard.Tests.Unit.Netlink.ConntrackTests;

public sealed class FlowFilterTests
{
    private const byte Udp = 17;

    private static readonly IPAddr Client = IPAddr.Parse("10.0.0.1");
    private static readonly IPAddr Node = IPAddr.Parse("10.0.0.2");
    private static readonly IPAddr Pod = IPAddr.Parse("10.1.0.9");

    private readonly ScriptedKernel kernel = new();

    public static TheoryData<string, Func<FlowFilter>> Refused =>
        new()
        {
            { "at least one address or port", () => new FlowFilter(false, null, null) },
            { "at least one address or port", () => new FlowFilter(true, Udp, null, null) },
            { "at least one address or port", () => new FlowFilter(false, Udp, new FlowEnds(), new FlowEnds()) },
            { "names the protocol too", () => new FlowFilter(false, null, new FlowEnds { DestinationPort = 53 }) },
            {
                "names the protocol too",
                () => new FlowFilter(false, null, new FlowEnds { Source = Client }, new FlowEnds { SourcePort = 53 })
            },
            { "cannot name port 0", () => new FlowFilter(false, Udp, new FlowEnds { DestinationPort = 0 }) },
            { "of one family", () => new FlowFilter(true, Udp, new FlowEnds { Source = Client }) },
            {
                "of one family",
                () => new FlowFilter(false, Udp, new FlowEnds { DestinationPort = 53 }, new FlowEnds { Source = IPAddr.Parse("::1") })
            },
        };

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_filter_that_says_nothing_or_contradicts_itself_cannot_be_made(string message, Func<FlowFilter> make) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(make).Message);

    [Fact]
    public void No_property_of_a_filter_can_be_emptied_afterwards() =>
        Assert.DoesNotContain(typeof(FlowFilter).GetProperties(), property => property.CanWrite);

    [Fact]
    public void A_kernel_that_does_not_filter_returns_all_and_only_the_meant_flow_is_deleted()
    {
        kernel
            .Answer(sequence => [FlowMessage(sequence, 53, 1), FlowMessage(sequence, 54, 2), FlowMessage(sequence, 53, 3), Done(sequence)])
            .Answer(sequence => [Ack(sequence, Errno.ENOENT)])
            .Acknowledge();
        using var client = new ConntrackClient(kernel.Socket());
        Assert.Equal(1, client.DeleteWhere(new FlowFilter(false, Udp, new FlowEnds { DestinationPort = 53 })));
        Assert.Equal(3, kernel.Sent.Count);
        // Family, then CTA_TUPLE_ORIG as it came, then CTA_ID.
        Assert.Equal("02000000" + Tuple(Client, Node, 53) + "08000C00" + "00000001", Convert.ToHexString(kernel.Sent[1].AsSpan(16)));
    }

    [Fact]
    public void A_predicate_chooses_among_the_flows_of_the_filter()
    {
        kernel.Answer(sequence => [FlowMessage(sequence, 53, 1), FlowMessage(sequence, 53, 2), Done(sequence)]).Acknowledge();
        using var client = new ConntrackClient(kernel.Socket());
        Assert.Equal(1, client.DeleteWhere(new FlowFilter(false, Udp, new FlowEnds { DestinationPort = 53 }), flow => flow.Id == 2));
    }

    [Fact]
    public void The_kernel_is_asked_to_filter_by_what_the_filter_names_and_nothing_else()
    {
        kernel.Answer(sequence => [Done(sequence)]);
        using var client = new ConntrackClient(kernel.Socket());
        Assert.Empty(client.List(new FlowFilter(false, Udp, new FlowEnds { DestinationPort = 53 }, new FlowEnds { Source = Pod })));
        Assert.Equal(
            "02000000"
                + "18000180"
                + "14000280"
                + "05000100"
                + "11000000"
                + "06000300"
                + "00350000"
                + "10000280"
                + "0C000180"
                + "08000100"
                + "0A010009"
                + "14001980"
                + "08000100"
                + "28000000"
                + "08000200"
                + "01000000",
            Convert.ToHexString(kernel.Sent[0].AsSpan(16))
        );
    }

    [Fact]
    public void A_flow_that_was_not_listed_is_not_deleted_because_a_request_without_a_tuple_deletes_all()
    {
        using var client = new ConntrackClient(kernel.Socket());
        var tuple = new FlowTuple(Client, Node, Udp, 1, 53);
        Assert.Throws<ArgumentException>(() => client.Delete(new Flow(tuple, tuple, FlowStatus.None, 7)));
        Assert.Empty(kernel.Sent);
    }

    [Fact]
    public void The_trace_and_errors_use_the_kernels_words()
    {
        kernel.Answer(sequence => [Ack(sequence, Errno.EPERM)]);
        using var client = new ConntrackClient(new NetlinkSocket(kernel, new ConntrackDialect(), kernel.Trace.Add));
        var refused = Assert.Throws<NetlinkException>(() => client.List(new FlowFilter(false, Udp, new FlowEnds { DestinationPort = 53 })));
        Assert.StartsWith("IPCTNL_MSG_CT_GET flows: ", refused.Message);
        Assert.Contains("CTA_PROTO_DST_PORT 53", kernel.Trace[0]);
    }

    [Fact]
    public void A_flow_with_some_bytes_changed_is_read_or_refused() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<int>(),
                seed =>
                {
                    var random = new Random(seed);
                    var bytes = FlowMessage(1, 53, 1);
                    for (var i = random.Next(1, 6); i > 0; i--)
                        bytes[random.Next(bytes.Length)] = (byte)(random.Next(2) == 0 ? random.Next(256) : random.Next(8));
                    try
                    {
                        var reader = new NetlinkReader(bytes.AsSpan(0, random.Next(bytes.Length + 1)));
                        while (reader.Read())
                            _ = FlowReader.Read(reader.Current)?.ToString();
                    }
                    catch (NetlinkFormatException)
                    {
                        // Refused.
                    }
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(10_000));

    private static byte[] FlowMessage(uint sequence, ushort port, uint id) =>
        Message(
            ConntrackDialect.Type(NfnetlinkConntrackH.IPCTNL_MSG_CT_NEW),
            sequence,
            2,
            writer =>
            {
                writer.WriteStruct(new NfGenMsg { nfgen_family = 2 });
                Write(writer, NfnetlinkConntrackH.CTA_TUPLE_ORIG, Client, Node, port);
                Write(writer, NfnetlinkConntrackH.CTA_TUPLE_REPLY, Pod, Client, port);
                writer.WriteUInt32BigEndian(
                    NfnetlinkConntrackH.CTA_STATUS,
                    NfnetlinkConntrackH.IPS_CONFIRMED | NfnetlinkConntrackH.IPS_DST_NAT
                );
                writer.WriteUInt32BigEndian(NfnetlinkConntrackH.CTA_ID, id);
            }
        );

    private static string Tuple(IPAddr source, IPAddr destination, ushort port)
    {
        var writer = new NetlinkWriter();
        Write(writer, NfnetlinkConntrackH.CTA_TUPLE_ORIG, source, destination, port);
        return Convert.ToHexString(writer.Written);
    }

    private static void Write(NetlinkWriter writer, ushort type, IPAddr source, IPAddr destination, ushort port)
    {
        using (writer.Nested(type))
        {
            using (writer.Nested(NfnetlinkConntrackH.CTA_TUPLE_IP))
            {
                writer.WriteAddress(NfnetlinkConntrackH.CTA_IP_V4_SRC, source);
                writer.WriteAddress(NfnetlinkConntrackH.CTA_IP_V4_DST, destination);
            }

            using (writer.Nested(NfnetlinkConntrackH.CTA_TUPLE_PROTO))
            {
                writer.WriteUInt8(NfnetlinkConntrackH.CTA_PROTO_NUM, Udp);
                writer.WriteUInt16BigEndian(NfnetlinkConntrackH.CTA_PROTO_SRC_PORT, 1000);
                writer.WriteUInt16BigEndian(NfnetlinkConntrackH.CTA_PROTO_DST_PORT, port);
            }
        }
    }
}
