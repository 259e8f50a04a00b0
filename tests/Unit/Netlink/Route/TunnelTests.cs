using Plugboard.Addresses;
using Plugboard.Netlink;
using Plugboard.Netlink.Route.Links;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Tests.Unit.Netlink.ScriptedKernel;

namespace Plugboard.Tests.Unit.Netlink.RouteTests;

public sealed class TunnelTests
{
    private readonly ScriptedKernel kernel = new();

    // What follows IFLA_INFO_KIND "vxlan" or "ipip" inside IFLA_INFO_DATA.
    private string Data(LinkSpec spec)
    {
        kernel.Acknowledge().Client().Links.Add(spec);
        var hex = Convert.ToHexString(kernel.Sent[0]);
        var kind = Convert.ToHexString(System.Text.Encoding.ASCII.GetBytes(spec.Kind));
        var data = hex[(hex.IndexOf(kind, StringComparison.Ordinal) + 16)..];
        Assert.Equal("0280", data[4..8]);
        return data[8..];
    }

    [Fact]
    public void A_vxlan_names_all_that_is_set() =>
        Assert.Equal(
            "0800010001000000"
                + "0800030009000000"
                + "080004000A090807"
                + "0500050040000000"
                + "0500070000000000"
                + "06000F0021180000"
                + "0500130001000000"
                + "0500140001000000"
                + "04001700",
            Data(
                new VxlanSpec
                {
                    Name = "x0",
                    Vni = 1,
                    Parent = 9,
                    Local = IPAddr.Parse("10.9.8.7"),
                    Ttl = 64,
                    Port = 8472,
                    Gbp = true,
                    UdpZeroChecksum6Tx = true,
                    UdpZeroChecksum6Rx = true,
                }
            )
        );

    [Fact]
    public void A_vxlan_without_anything_says_that_it_does_not_learn() =>
        Assert.Equal("08000100FFFFFF00" + "0500070000000000", Data(new VxlanSpec { Name = "x0", Vni = 0xffffff }));

    [Fact]
    public void A_vxlan_over_IPv6_has_its_address_in_LOCAL6() =>
        Assert.Equal(
            "0800010007000000" + "14001100FD000000000000000000000000000005" + "0500070001000000",
            Data(
                new VxlanSpec
                {
                    Name = "x0",
                    Vni = 7,
                    Local = IPAddr.Parse("fd00::5"),
                    Learning = true,
                }
            )
        );

    [Fact]
    public void An_ipip_names_its_address_and_its_link() =>
        Assert.Equal(
            "0800010009000000" + "080002000A090807" + "05000A0001000000",
            Data(
                new IpipSpec
                {
                    Name = "x0",
                    Parent = 9,
                    Local = IPAddr.Parse("10.9.8.7"),
                }
            )
        );

    [Fact]
    public void A_vxlan_is_read()
    {
        var link = Read(
            "vxlan",
            w =>
            {
                w.WriteUInt32(IfLinkH.IFLA_VXLAN_ID, 5);
                w.WriteAddress(IfLinkH.IFLA_VXLAN_GROUP6, IPAddr.Parse("ff05::1"));
                w.WriteAddress(IfLinkH.IFLA_VXLAN_LOCAL6, IPAddr.Parse("fd00::5"));
                w.WriteUInt32(IfLinkH.IFLA_VXLAN_LINK, 9);
                w.WriteUInt16BigEndian(IfLinkH.IFLA_VXLAN_PORT, 4789);
                w.WriteUInt8(IfLinkH.IFLA_VXLAN_LEARNING, 1);
                w.WriteUInt8(IfLinkH.IFLA_VXLAN_L2MISS, 1);
                w.WriteUInt8(IfLinkH.IFLA_VXLAN_L3MISS, 1);
                w.WriteUInt8(IfLinkH.IFLA_VXLAN_COLLECT_METADATA, 1);
                w.WriteUInt8(IfLinkH.IFLA_VXLAN_UDP_ZERO_CSUM6_TX, 1);
                w.WriteUInt8(IfLinkH.IFLA_VXLAN_UDP_ZERO_CSUM6_RX, 1);
                w.WriteUInt8(IfLinkH.IFLA_VXLAN_TTL, 3);
                w.WriteFlag(IfLinkH.IFLA_VXLAN_GBP);
            }
        );
        var expected = new VxlanInfo
        {
            Vni = 5,
            Group = IPAddr.Parse("ff05::1"),
            Local = IPAddr.Parse("fd00::5"),
            LinkIndex = 9,
            Port = 4789,
            Learning = true,
            L2Miss = true,
            L3Miss = true,
            CollectMetadata = true,
            UdpZeroChecksum6Tx = true,
            UdpZeroChecksum6Rx = true,
            Ttl = 3,
            Gbp = true,
        };
        Assert.Equal(expected, link.Vxlan);
        Assert.Null(link.Ipip);
    }

    [Fact]
    public void An_ipip_is_read_and_unset_addresses_are_null()
    {
        var link = Read(
            "ipip",
            w =>
            {
                w.WriteUInt32(IfTunnelH.IFLA_IPTUN_LINK, 9);
                w.WriteAddress(IfTunnelH.IFLA_IPTUN_LOCAL, IPAddr.Parse("10.9.8.7"));
                w.WriteAddress(IfTunnelH.IFLA_IPTUN_REMOTE, IPAddr.Parse("0.0.0.0"));
                w.WriteUInt8(IfTunnelH.IFLA_IPTUN_TTL, 64);
                w.WriteUInt8(IfTunnelH.IFLA_IPTUN_PMTUDISC, 1);
            }
        );
        Assert.Equal(new IpipInfo(IPAddr.Parse("10.9.8.7"), null, 9, 64, true), link.Ipip);
        Assert.Null(link.Vxlan);
    }

    private Link Read(string kind, Action<NetlinkWriter> data)
    {
        kernel.Answer(s =>
            [
                Message(
                    RtnetlinkH.RTM_NEWLINK,
                    s,
                    0,
                    writer =>
                    {
                        writer.WriteStruct(new IfInfoMsg { ifi_index = 1 });
                        writer.WriteString(IfLinkH.IFLA_IFNAME, "x0");
                        using var info = writer.Nested(IfLinkH.IFLA_LINKINFO);
                        writer.WriteString(IfLinkH.IFLA_INFO_KIND, kind);
                        using var nested = writer.Nested(IfLinkH.IFLA_INFO_DATA);
                        data(writer);
                    }
                ),
            ]
        );
        using var client = kernel.Client();
        return client.Links.Get(1);
    }
}
