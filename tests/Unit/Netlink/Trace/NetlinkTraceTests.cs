using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Netlink.Trace;
using static Plugboard.Tests.Unit.Netlink.ScriptedKernel;

namespace Plugboard.Tests.Unit.Netlink.Trace;

public sealed class NetlinkTraceTests
{
    private readonly ScriptedKernel kernel = new();

    private string Lines => string.Join('\n', kernel.Trace);

    [Fact]
    public void A_veth_pair_in_words()
    {
        kernel.Acknowledge();
        kernel
            .Client()
            .Links.Add(
                new VethSpec
                {
                    Name = "veth0",
                    Mtu = 1450,
                    Up = true,
                    MasterIndex = 4,
                    Peer = new VethPeer { Name = "eth0", Address = MacAddress.Parse("02:11:22:33:44:55") },
                }
            );
        Assert.Equal(
            """
            > RTM_NEWLINK REQUEST|ACK|EXCL|CREATE seq 1: AF_UNSPEC index 0 type 0 flags 0x1 change 0x1
            >     IFLA_IFNAME "veth0"
            >     IFLA_MTU 1450
            >     IFLA_MASTER 4
            >     IFLA_LINKINFO
            >         IFLA_INFO_KIND "veth"
            >         IFLA_INFO_DATA
            >             VETH_INFO_PEER
            >                 IFLA_IFNAME "eth0"
            >                 IFLA_ADDRESS 02:11:22:33:44:55
            < ACK seq 1
            """,
            Lines
        );
    }

    [Fact]
    public void A_route_and_its_refusal_in_words()
    {
        kernel.Answer(s => [Ack(s, Errno.ENETUNREACH, "Nexthop has invalid gateway")]);
        Assert.Throws<NetlinkException>(() =>
            kernel
                .Client()
                .Routes.Add(
                    new RouteSpec
                    {
                        Dst = IPPrefix.Parse("192.168.0.0/24"),
                        Gateway = IPAddr.Parse("10.1.0.1"),
                        OutInterface = 2,
                        Mtu = 1300,
                    }
                )
        );
        Assert.Equal(
            """
            > RTM_NEWROUTE REQUEST|ACK|CREATE seq 1: AF_INET dst /24 table 254 protocol 3 scope 0 type 1 flags 0x0
            >     RTA_DST 192.168.0.0
            >     RTA_GATEWAY 10.1.0.1
            >     RTA_OIF 2
            >     RTA_METRICS
            >         RTAX_MTU 1300
            < ACK seq 1: network is unreachable (ENETUNREACH): Nexthop has invalid gateway
            """,
            Lines
        );
    }

    [Fact]
    public void A_dump_in_words()
    {
        kernel.Answer(s => [Done(s)]);
        kernel.Client().Addresses.List(3, AddressFamily.IPv6);
        Assert.Equal(
            """
            > RTM_GETADDR REQUEST|DUMP seq 1: AF_INET6 prefix /0 flags 0x0 scope 0 index 3
            < DONE seq 1
            """,
            Lines
        );
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("netlinks", false)]
    [InlineData("netlink", true)]
    [InlineData("nft,netlink", true)]
    public void The_word_netlink_switches_the_trace_on(string? value, bool on) => Assert.Equal(on, NetlinkTrace.SinkFor(value) is not null);

    [Fact]
    public void Bytes_that_are_no_message_are_reported_as_such() =>
        Assert.Equal("< malformed: a fixed part of 16 bytes in 3 bytes", NetlinkDump.Describe("< ", [1, 2, 3], new RouteDialect()));

    [Fact]
    public void Messages_and_attributes_without_a_name_have_a_number() =>
        Assert.Equal(
            """
            message 99 REQUEST seq 0: 4 bytes
            RTM_NEWNEIGH seq 0: AF_UNSPEC index 0 state 0x0 flags 0x0
                attribute 77 0102
            """,
            NetlinkDump.Describe("", [.. Message(99, 0, 1, w => w.WriteStruct(1)), .. Unnamed()], new RouteDialect())
        );

    private static byte[] Unnamed() =>
        Message(
            28,
            0,
            0,
            writer =>
            {
                writer.WriteStruct(default(Plugboard.Netlink.Route.Uapi.NdMsg));
                writer.WriteBytes(77, [1, 2]);
            }
        );
}
