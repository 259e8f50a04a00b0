using System.Runtime.InteropServices;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Uapi;
using Plugboard.Netlink.Uapi;
using static Plugboard.Tests.Unit.Netlink.ScriptedKernel;

namespace Plugboard.Tests.Unit.Netlink.RouteTests;

/// <summary>The bytes of what a kernel without VLAN filtering refuses; a kernel that has it is asked in a guest.</summary>
public sealed class BridgeVlanTableTests
{
    private readonly ScriptedKernel kernel = new();

    // After nlmsghdr: ifinfomsg of AF_BRIDGE (7) for link 5.
    private const string Link5 = "07000000" + "05000000" + "00000000" + "00000000";

    private string Body => Convert.ToHexString(kernel.Sent[0].AsSpan(16));

    private ushort Type => MemoryMarshal.Read<NlMsgHdr>(kernel.Sent[0]).nlmsg_type;

    [Fact]
    public void Add_is_one_vlan_info_in_af_spec()
    {
        kernel.Acknowledge().Client().BridgeVlans.Add(5, 100, BridgeVlanFlags.Pvid | BridgeVlanFlags.Untagged);
        Assert.Equal(RtnetlinkH.RTM_SETLINK, Type);
        Assert.Equal(Link5 + "0C001A80" + "08000200" + "06006400", Body);
    }

    [Fact]
    public void AddRange_is_a_begin_and_an_end()
    {
        kernel.Acknowledge().Client().BridgeVlans.AddRange(5, 100, 200);
        Assert.Equal(Link5 + "14001A80" + "08000200" + "08006400" + "08000200" + "1000C800", Body);
    }

    [Fact]
    public void A_range_of_one_is_no_range()
    {
        kernel.Acknowledge().Client().BridgeVlans.AddRange(5, 100, 100);
        Assert.Equal(Link5 + "0C001A80" + "08000200" + "00006400", Body);
    }

    [Fact]
    public void Delete_is_RTM_DELLINK()
    {
        kernel.Acknowledge().Client().BridgeVlans.Delete(5, 1);
        Assert.Equal(RtnetlinkH.RTM_DELLINK, Type);
        Assert.Equal(Link5 + "0C001A80" + "08000200" + "00000100", Body);
    }

    [Fact]
    public void List_expands_ranges_and_takes_only_the_links_own()
    {
        kernel.Answer(s => [Port(s, 4, (0, 7)), Port(s, 5, (6, 1), (8, 100), (16, 103), (4, 200)), Done(s)]);
        var both = BridgeVlanFlags.Pvid | BridgeVlanFlags.Untagged;
        Assert.Equal(
            [new(1, both), new(100, 0), new(101, 0), new(102, 0), new(103, 0), new BridgeVlan(200, BridgeVlanFlags.Untagged)],
            kernel.Client().BridgeVlans.List(5)
        );
    }

    [Fact]
    public void List_of_what_is_no_port_is_empty()
    {
        kernel.Answer(s => [Port(s, 4, (0, 7)), Done(s)]);
        Assert.Empty(kernel.Client().BridgeVlans.List(5));
    }

    private static byte[] Port(uint sequence, int index, params (ushort Flags, ushort Vid)[] vlans) =>
        Message(
            RtnetlinkH.RTM_NEWLINK,
            sequence,
            NetlinkH.NLM_F_MULTI,
            writer =>
            {
                writer.WriteStruct(new IfInfoMsg { ifi_family = SocketH.AF_BRIDGE, ifi_index = index });
                using var spec = writer.Nested(IfLinkH.IFLA_AF_SPEC);
                foreach (var (flags, vid) in vlans)
                {
                    Span<ushort> info = [flags, vid];
                    writer.WriteBytes(IfBridgeH.IFLA_BRIDGE_VLAN_INFO, MemoryMarshal.AsBytes(info));
                }
            }
        );
}
