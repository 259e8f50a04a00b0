using Plugboard.Addresses;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Sources.Etcd;
using Plugboard.Testing;

namespace Plugboard.Tests.Unit.Coordinator.Sources;

public sealed class SubnetPickerTests
{
    private static readonly NetConf conf = new() { Network = IPPrefix.Parse("10.5.0.0/16") };

    private static NetConf Conf(string network) => new() { Network = IPPrefix.Parse(network) };

    private static List<IPPrefix> Prefixes(params IEnumerable<string> texts) => texts.Select(text => IPPrefix.Parse(text)).ToList();

    private static List<string> Free(NetConf network, params string[] taken) =>
        SubnetPicker.FindFree(SubnetChoice.Of(network, network.EnableIPv6), Prefixes(taken)).Select(subnet => subnet.ToString()).ToList();

    [Fact]
    public void The_first_hundred_that_are_free_are_the_choice()
    {
        var free = Free(conf, "10.5.1.0/24", "10.5.3.0/24");
        Assert.Equal(100, free.Count);
        Assert.Equal(["10.5.2.0/24", "10.5.4.0/24", "10.5.5.0/24"], free.Take(3));
        Assert.Equal("10.5.102.0/24", free[^1]);
    }

    [Theory]
    [InlineData("10.5.0.0/28", "", "10.5.0.4/30 10.5.0.8/30 10.5.0.12/30")]
    [InlineData("10.5.0.0/28", "10.5.0.8/30", "10.5.0.4/30 10.5.0.12/30")]
    [InlineData("10.5.0.0/28", "10.5.0.9/32", "10.5.0.4/30 10.5.0.12/30")]
    [InlineData("10.5.0.0/28", "10.5.0.8/29", "10.5.0.4/30")]
    [InlineData("10.5.0.0/28", "10.0.0.0/8", "")]
    [InlineData("10.5.0.0/28", "0.0.0.0/0", "")]
    [InlineData("10.5.0.0/28", "10.5.0.8/29 10.5.0.8/30 10.5.0.8/31 10.6.0.0/16 fd00::/8", "10.5.0.4/30")]
    [InlineData("255.255.255.0/28", "255.255.255.12/30", "255.255.255.4/30 255.255.255.8/30")]
    public void What_overlaps_something_that_is_taken_is_not_free(string network, string taken, string expected) =>
        Assert.Equal(expected, string.Join(' ', Free(Conf(network), taken.Split(' ', StringSplitOptions.RemoveEmptyEntries))));

    [Fact]
    public void A_taken_network_of_any_size_is_stepped_over_at_once()
    {
        var six = new NetConf
        {
            EnableIPv4 = false,
            EnableIPv6 = true,
            IPv6Network = IPPrefix.Parse("fd00::/8"),
        };
        Assert.Equal("fd80:0:0:1::/64", Free(six, "fd00::/9", "fd80::/64")[0]);
    }

    [Fact]
    public void What_it_had_before_is_taken_again_where_it_is_free()
    {
        Assert.Equal("10.5.200.0/24", SubnetPicker.Pick(conf, [], [IPPrefix.Parse("10.5.200.0/24")], new Random(1)).ToString());
        Assert.NotEqual(
            "10.5.200.0/24",
            SubnetPicker.Pick(conf, Prefixes("10.5.200.0/24"), [IPPrefix.Parse("10.5.200.0/24")], new Random(1)).ToString()
        );
        Assert.StartsWith(
            "10.5.",
            SubnetPicker.Pick(conf, [], [IPPrefix.Parse("10.6.1.0/24")], new Random(1)).ToString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void In_two_families_one_of_each_is_taken()
    {
        var dual = conf with { EnableIPv6 = true, IPv6Network = IPPrefix.Parse("fd00::/48") };
        var picked = SubnetPicker.Pick(
            dual,
            Prefixes("10.5.7.0/24"),
            [IPPrefix.Parse("10.5.7.0/24"), IPPrefix.Parse("fd00:0:0:9::/64")],
            new Random(1)
        );
        Assert.Equal(2, picked.Count);
        Assert.Equal("fd00:0:0:9::/64", picked[1].ToString());
        Assert.NotEqual("10.5.7.0/24", picked[0].ToString());
    }

    [Fact]
    public void Where_all_are_taken_it_says_so() =>
        Assert.Equal(
            "no network of 10.5.0.0/16 is free",
            Assert.Throws<FormatException>(() => SubnetPicker.Pick(conf, Prefixes("10.5.0.0/16"), [], new Random(1))).Message
        );

    [Fact]
    public void Five_thousand_leases_are_no_work()
    {
        var large = Conf("10.0.0.0/8");
        var taken = Prefixes(Enumerable.Range(1, 5000).Select(i => $"10.{i >> 8}.{i & 255}.0/24"));
        var time = Timing.ProcessorTime(() =>
            Assert.Equal("10.19.137.0/24", SubnetPicker.FindFree(SubnetChoice.Of(large, is6: false), taken)[0].ToString())
        );
        Assert.InRange(time, TimeSpan.Zero, TimeSpan.FromMilliseconds(500));
    }
}
