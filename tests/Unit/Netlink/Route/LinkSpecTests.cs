using Plugboard.Netlink.Route.Links;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Tests.Unit.Netlink.ScriptedKernel;

namespace Plugboard.Tests.Unit.Netlink.RouteTests;

public sealed class LinkSpecTests
{
    private readonly ScriptedKernel kernel = new();

    // IFLA_IFNAME "x0" after nlmsghdr and ifinfomsg.
    private const string Head = "00000000" + "00000000" + "00000000" + "00000000" + "0700030078300000";

    private string Add(LinkSpec spec)
    {
        kernel.Acknowledge().Client().Links.Add(spec);
        return Convert.ToHexString(kernel.Sent[0].AsSpan(16));
    }

    [Fact]
    public void A_dummy_has_its_kind_alone() =>
        Assert.Equal(Head + "14001280" + "0A000100" + "64756D6D79000000" + "04000280", Add(new DummySpec { Name = "x0" }));

    [Theory]
    [InlineData(true, "01")]
    [InlineData(false, "00")]
    public void A_bridge_says_whether_it_filters_vlans(bool filtering, string value) =>
        Assert.Equal(
            Head + "1C001280" + "0B000100" + "6272696467650000" + "0C000280" + "05000700" + value + "000000",
            Add(new BridgeSpec { Name = "x0", VlanFiltering = filtering })
        );

    [Fact]
    public void A_bridge_says_nothing_of_vlans_unless_asked() =>
        Assert.Equal(Head + "14001280" + "0B000100" + "6272696467650000" + "04000280", Add(new BridgeSpec { Name = "x0" }));

    [Fact]
    public void A_vlan_has_its_parent_and_its_tag() =>
        Assert.Equal(
            Head + "08000500" + "09000000" + "1C001280" + "09000100" + "766C616E00000000" + "0C000280" + "06000100" + "E80F0000",
            Add(
                new VlanSpec
                {
                    Name = "x0",
                    Parent = 9,
                    Id = 4072,
                }
            )
        );

    [Fact]
    public void ListByMaster_lets_the_kernel_pick()
    {
        kernel.Answer(s => [Done(s)]).Client().Links.ListByMaster(6);
        Assert.EndsWith("08000A0006000000", Convert.ToHexString(kernel.Sent[0]));
    }

    [Fact]
    public void A_bridges_vlan_filtering_and_a_vlans_tag_are_read()
    {
        kernel.Answer(s => [Link(s, "bridge", w => w.WriteUInt8(IfLinkH.IFLA_BR_VLAN_FILTERING, 1))]);
        kernel.Answer(s => [Link(s, "vlan", w => w.WriteUInt16(IfLinkH.IFLA_VLAN_ID, 4072))]);
        using var client = kernel.Client();
        Assert.True(client.Links.Get(1).VlanFiltering);
        Assert.Equal(4072, client.Links.Get(1).VlanId);
    }

    private static byte[] Link(uint sequence, string kind, Action<Plugboard.Netlink.NetlinkWriter> data) =>
        Message(
            RtnetlinkH.RTM_NEWLINK,
            sequence,
            0,
            writer =>
            {
                writer.WriteStruct(new IfInfoMsg { ifi_index = 1 });
                using var info = writer.Nested(IfLinkH.IFLA_LINKINFO);
                writer.WriteString(IfLinkH.IFLA_INFO_KIND, kind);
                using var nested = writer.Nested(IfLinkH.IFLA_INFO_DATA);
                data(writer);
            }
        );
}
