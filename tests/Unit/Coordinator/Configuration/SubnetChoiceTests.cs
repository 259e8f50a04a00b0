using Plugboard.Addresses;
using Plugboard.Coordinator.Configuration;

namespace Plugboard.Tests.Unit.Coordinator.Configuration;

public sealed class SubnetChoiceTests
{
    private static NetConf V4(string network, int length = 0, string? min = null, string? max = null) =>
        new()
        {
            Network = IPPrefix.Parse(network),
            Subnets = new SubnetRange
            {
                Length = length,
                Min = min is null ? null : IPAddr.Parse(min),
                Max = max is null ? null : IPAddr.Parse(max),
            },
        };

    private static NetConf V6(string network, int length = 0) =>
        new()
        {
            EnableIPv6 = true,
            IPv6Network = IPPrefix.Parse(network),
            IPv6Subnets = new SubnetRange { Length = length },
        };

    [Theory]
    [InlineData("10.5.0.0/16", 0, "10.5.1.0/24", "10.5.255.0/24")]
    [InlineData("10.5.0.0/22", 0, "10.5.1.0/24", "10.5.3.0/24")]
    [InlineData("10.5.0.0/23", 0, "10.5.0.128/25", "10.5.1.128/25")]
    [InlineData("10.5.0.0/28", 0, "10.5.0.4/30", "10.5.0.12/30")]
    [InlineData("10.0.0.0/8", 20, "10.0.16.0/20", "10.255.240.0/20")]
    [InlineData("0.0.0.0/0", 0, "0.0.1.0/24", "255.255.255.0/24")]
    public void The_second_to_the_last_network_of_the_usual_length_are_given(string network, int length, string first, string last)
    {
        var choice = SubnetChoice.Of(V4(network, length), is6: false);
        Assert.Equal(
            (first, last),
            (new IPPrefix(choice.First, choice.Length).ToString(), new IPPrefix(choice.Last, choice.Length).ToString())
        );
    }

    [Theory]
    [InlineData("fd00::/48", "fd00:0:0:1::/64", "fd00:0:0:ffff::/64")]
    [InlineData("fd00::/63", "fd00:0:0:0:8000::/65", "fd00:0:0:1:8000::/65")]
    [InlineData("fd00::/124", "fd00::4/126", "fd00::c/126")]
    public void IPv6_networks_are_64_bits_long_where_there_is_room(string network, string first, string last)
    {
        var choice = SubnetChoice.Of(V6(network), is6: true);
        Assert.Equal(
            (IPPrefix.Parse(first), IPPrefix.Parse(last)),
            (new IPPrefix(choice.First, choice.Length), new IPPrefix(choice.Last, choice.Length))
        );
    }

    [Theory]
    [InlineData("10.5.0.0/16", 31, null, null, "SubnetLen must be less than /31")]
    [InlineData("10.5.0.0/16", 17, null, null, "Network must be able to accommodate at least four subnets")]
    [InlineData("10.5.0.0/29", 0, null, null, "Network is too small. Minimum useful network prefix is /28")]
    [InlineData("10.5.0.0/16", 0, "10.6.0.0", null, "SubnetMin is not in the range of the Network")]
    [InlineData("10.5.0.0/16", 0, null, "10.6.0.0", "SubnetMax is not in the range of the Network")]
    [InlineData("10.5.0.0/16", 0, "10.5.1.1", null, "SubnetMin is not on a SubnetLen boundary: 10.5.1.1")]
    [InlineData("10.5.0.0/16", 25, null, "10.5.9.64", "SubnetMax is not on a SubnetLen boundary: 10.5.9.64")]
    [InlineData("10.5.0.0/16", 0, "10.5.9.0", "10.5.8.0", "SubnetMin 10.5.9.0 is after SubnetMax 10.5.8.0")]
    // flanneld takes it, and no packet would arrive.
    [InlineData(
        "127.0.0.0/8",
        0,
        null,
        null,
        "Network 127.0.0.0/8 has loopback, link-local or multicast addresses, which pods cannot have"
    )]
    public void What_flannel_refuses_is_refused_in_its_words(string network, int length, string? min, string? max, string expected) =>
        Assert.Equal(expected, Assert.Throws<FormatException>(() => SubnetChoice.Of(V4(network, length, min, max), is6: false)).Message);

    [Fact]
    public void A_network_that_is_not_said_is_asked_for() =>
        Assert.Equal(
            "please define a correct IPv6Network parameter in the flannel config",
            SubnetChoice.FindFault(new NetConf(), is6: true)
        );

    [Theory]
    [InlineData("10.5.7.0/24", true)]
    [InlineData("10.5.0.0/24", false)]
    [InlineData("10.5.7.0/25", false)]
    [InlineData("10.6.7.0/24", false)]
    [InlineData("10.5.7.1/24", false)]
    [InlineData("fd00::/24", false)]
    public void A_network_outside_the_range_or_of_another_length_is_not_allowed(string subnet, bool allowed) =>
        Assert.Equal(allowed, SubnetChoice.Of(V4("10.5.0.0/16"), is6: false).Allows(IPPrefix.Parse(subnet)));
}
