using FsCheck;
using FsCheck.Fluent;
using Plugboard.Addresses;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Netlink.Route.Traffic;
using Plugboard.Netlink.Route.Uapi;
using Plugboard.Netlink.Trace;
using Plugboard.Netlink.Uapi;

namespace Plugboard.Tests.Unit.Netlink;

/// <summary>Whatever bytes come, they give a value or a <see cref="NetlinkFormatException"/>.</summary>
public sealed class HostileBytesTests
{
    private static readonly ushort[] types =
    [
        NetlinkH.NLMSG_ERROR,
        NetlinkH.NLMSG_DONE,
        RtnetlinkH.RTM_NEWLINK,
        RtnetlinkH.RTM_NEWADDR,
        RtnetlinkH.RTM_NEWROUTE,
        RtnetlinkH.RTM_NEWNEIGH,
        RtnetlinkH.RTM_NEWQDISC,
        RtnetlinkH.RTM_NEWTCLASS,
        RtnetlinkH.RTM_NEWTFILTER,
    ];

    [Fact]
    public void Random_bytes_are_read_or_refused() =>
        Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes => ReadAll(bytes)).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void Random_payloads_of_every_message_are_read_or_refused() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<byte[]>(),
                ArbMap.Default.ArbFor<ushort>(),
                (bytes, choice) =>
                {
                    var type = types[choice % types.Length];
                    ReadAll(ScriptedKernel.Message(type, 1, (ushort)(choice & 0x300), writer => writer.WriteBytes(choice, bytes)));
                    ReadAll(
                        ScriptedKernel.Message(
                            type,
                            1,
                            (ushort)(choice & 0x300),
                            writer =>
                            {
                                foreach (var b in bytes)
                                    writer.WriteStruct(b);
                            }
                        )
                    );
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void True_messages_with_some_bytes_changed_are_read_or_refused() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<int>(),
                seed =>
                {
                    var random = new Random(seed);
                    var bytes = Samples()[random.Next(8)];
                    for (var i = random.Next(1, 6); i > 0; i--)
                        bytes[random.Next(bytes.Length)] = (byte)(random.Next(2) == 0 ? random.Next(256) : random.Next(8));
                    ReadAll(bytes);
                    ReadAll(bytes.AsSpan(0, random.Next(bytes.Length + 1)).ToArray());
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(10_000));

    private static byte[][] Samples() =>
        [
            ScriptedKernel.Message(
                RtnetlinkH.RTM_NEWLINK,
                1,
                0,
                writer =>
                    new VethSpec
                    {
                        Name = "veth0",
                        Mtu = 1500,
                        MasterIndex = 4,
                        Address = new MacAddress(7),
                        Peer = new VethPeer { Name = "eth0", Mtu = 1500 },
                    }.Write(writer)
            ),
            ScriptedKernel.Message(
                RtnetlinkH.RTM_NEWROUTE,
                1,
                0,
                writer =>
                    RouteWriter.Write(
                        writer,
                        new RouteSpec
                        {
                            Dst = IPPrefix.Parse("10.0.0.0/8"),
                            Gateway = IPAddr.Parse("10.1.1.1"),
                            OutInterface = 3,
                            Mtu = 1300,
                            AdvMss = 1200,
                            Table = 1000,
                        }
                    )
            ),
            ScriptedKernel.Message(
                RtnetlinkH.RTM_NEWLINK,
                1,
                0,
                writer =>
                    new VxlanSpec
                    {
                        Name = "x0",
                        Vni = 1,
                        Local = IPAddr.Parse("fd00::1"),
                        Port = 8472,
                        Ttl = 1,
                        Gbp = true,
                    }.Write(writer)
            ),
            ScriptedKernel.Message(
                RtnetlinkH.RTM_NEWLINK,
                1,
                0,
                writer =>
                    new IpipSpec
                    {
                        Name = "x0",
                        Local = IPAddr.Parse("10.1.1.1"),
                        Ttl = 1,
                    }.Write(writer)
            ),
            Forwarding(),
            ScriptedKernel.Message(RtnetlinkH.RTM_NEWQDISC, 1, 0, Qdisc.AtRoot(3, new Tbf(5_000_000_000, 2, 3)).Write),
            ScriptedKernel.Message(RtnetlinkH.RTM_NEWQDISC, 1, 0, Qdisc.AtRoot(3, new Htb(1)).Write),
            ScriptedKernel.Message(
                RtnetlinkH.RTM_NEWTCLASS,
                1,
                0,
                TrafficClass.OfRoot(3, 1, new HtbClass(5_000_000_000, 5_000_000_000, 2, 3)).Write
            ),
            ScriptedKernel.Message(
                RtnetlinkH.RTM_NEWTFILTER,
                1,
                0,
                new Filter
                {
                    LinkIndex = 3,
                    Parent = TrafficHandle.OfIngress,
                    Handle = 1,
                    Kind = "u32",
                    Redirects = [new Redirect(3, FilterVerdict.Stolen)],
                }.Write
            ),
            ScriptedKernel.Ack(1, Plugboard.Linux.Errno.EINVAL, "no", 36),
        ];

    private static byte[] Forwarding()
    {
        var writer = new NetlinkWriter();
        FdbTable.WriteNew(
            writer,
            new FdbEntry(3, new MacAddress(7), IPAddr.Parse("fd00::1"))
            {
                Port = 1,
                Vni = 2,
                Vlan = 3,
                OutInterface = 4,
            },
            0
        );
        return writer.Written.ToArray();
    }

    private static void ReadAll(byte[] datagram)
    {
        var dialect = new RouteDialect();
        _ = NetlinkDump.Describe("", datagram, dialect);
        try
        {
            var reader = new NetlinkReader(datagram);
            while (reader.Read())
                ReadOne(reader.Current, datagram, dialect);
        }
        catch (NetlinkFormatException)
        {
            // The one exception that is allowed.
        }
    }

    private static void ReadOne(NetlinkMessage message, byte[] datagram, NetlinkDialect dialect)
    {
        Each(message, m => LinkReader.Read(m));
        Each(message, m => RouteReader.Read(m));
        Each(message, m => AddressReader.Read(m));
        Each(message, m => NeighbourReader.Read(m));
        Each(message, m => FdbReader.Read(m));
        Each(message, m => RouteChangeReader.Read(m));
        Each(message, m => Qdisc.Read(m));
        Each(message, m => FilterReader.Read(m));
        Each(message, m => NetlinkAck.Read(m, datagram, dialect));
    }

    private static void Each(NetlinkMessage message, NetlinkSocket.Parser<object?> read)
    {
        try
        {
            _ = read(message)?.ToString();
        }
        catch (NetlinkFormatException)
        {
            // The one exception that is allowed.
        }
    }
}
