using Plugboard.Addresses;
using Plugboard.PodInterfaces;

namespace Plugboard.Tests.Unit.PodInterfaces;

public sealed class VethNamesTests
{
    private static readonly Attachment web = new("lan", "web", "eth0");

    [Fact]
    public void A_host_ends_address_begins_with_fe_and_differs_with_each_draw()
    {
        var (first, second) = (web.HostAddress(1), web.HostAddress(ulong.MaxValue));
        Assert.StartsWith("fe:", first.ToString(), StringComparison.Ordinal);
        Assert.False(first.IsMulticast);
        Assert.NotEqual(first, second);
        Assert.NotEqual(new Attachment("lan", "web", "eth1").HostAddress(1), first);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0x123456)]
    [InlineData(ulong.MaxValue)]
    public void An_owner_knows_its_own_whatever_was_drawn_and_no_strangers(ulong random)
    {
        Assert.True(web.MayBeHostAddress(web.HostAddress(random)));
        Assert.False(web.MayBeHostAddress(new Attachment("lan", "db", "eth0").HostAddress(random)));
        Assert.False(web.MayBeHostAddress(MacAddress.Local(random)));
        Assert.False(web.MayBeHostAddress(null));
    }

    // What an earlier version computed for this owner.
    [Fact]
    public void An_owner_knows_the_address_that_an_earlier_version_gave() =>
        Assert.True(web.MayBeHostAddress(EarlierAddress("lan/web/eth0/host")));

    private static MacAddress EarlierAddress(string text)
    {
        var hash = 14695981039346656037ul;
        foreach (var c in text)
            hash = (hash ^ c) * 1099511628211ul;
        return MacAddress.Local(hash);
    }
}
