using Plugboard.Addresses;
using Plugboard.Netlink.Route;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Netlink.RouteTests;

public sealed class NeighbourTableTests : RouteTestBase
{
    private static readonly MacAddress Mac = MacAddress.Parse("02:00:00:00:00:01");

    [KernelTheory]
    [InlineData("10.1.0.9")]
    [InlineData("fd00::9")]
    public void A_neighbour_is_replaced_listed_and_deleted_as_ip_says(string text)
    {
        var (link, other) = AddVeth();
        Up(link);
        Up(other);
        var neighbour = new Neighbour(link.Index, IPAddr.Parse(text), Mac, NeighbourState.Permanent);
        Client.Neighbours.Replace(neighbour with { LinkAddress = MacAddress.Local(7) });
        Client.Neighbours.Replace(neighbour);

        Assert.Contains($"{text} lladdr 02:00:00:00:00:01 PERMANENT", Host.Tool("ip neigh show dev v0"));
        var family = neighbour.Address.Is6 ? AddressFamily.IPv6 : AddressFamily.IPv4;
        Assert.Equal(neighbour, Assert.Single(Client.Neighbours.List(link.Index, family), n => n.State == NeighbourState.Permanent));
        Assert.DoesNotContain(Client.Neighbours.List(other.Index), n => n.State == NeighbourState.Permanent);
        Assert.True(Client.Neighbours.Delete(link.Index, neighbour.Address));
        Assert.False(Client.Neighbours.Delete(link.Index, neighbour.Address));
    }
}
