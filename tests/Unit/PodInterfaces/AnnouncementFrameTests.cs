using Plugboard.Addresses;
using Plugboard.PodInterfaces;

namespace Plugboard.Tests.Unit.PodInterfaces;

public sealed class AnnouncementFrameTests
{
    private static readonly MacAddress mac = MacAddress.Parse("02:00:00:00:00:01");

    private static string Of(string address, int vlan = 0) =>
        Convert.ToHexStringLower(AnnouncementFrame.Of(IPAddr.Parse(address), mac, vlan));

    [Fact]
    public void An_IPv4_address_is_announced_by_a_gratuitous_request_as_the_kernel_sends_it() =>
        Assert.Equal(
            "ffffffffffff" + "020000000001" + "0806" + "0001080006040001" + "020000000001" + "0a010032" + "000000000000" + "0a010032",
            Of("10.1.0.50")
        );

    // The check sum is that of another program.
    [Fact]
    public void An_IPv6_address_is_announced_by_an_advertisement_that_overrides() =>
        Assert.Equal(
            "333300000001"
                + "020000000001"
                + "86dd"
                + "60000000"
                + "0020"
                + "3a"
                + "ff"
                + "fd000000000000000000000000000050"
                + "ff020000000000000000000000000001"
                + "8800"
                + "59fd"
                + "20000000"
                + "fd000000000000000000000000000050"
                + "0201"
                + "020000000001",
            Of("fd00::50")
        );

    [Fact]
    public void In_a_VLAN_it_has_the_VLANs_tag() =>
        Assert.StartsWith("ffffffffffff" + "020000000001" + "8100" + "0064" + "0806", Of("10.1.0.50", vlan: 100), StringComparison.Ordinal);
}
