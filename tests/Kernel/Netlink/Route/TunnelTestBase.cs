using Plugboard.Addresses;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Tests.Kernel.Netlink.RouteTests;

/// <summary>A node as a peer sees it: a link that is up, with addresses to send tunnelled packets from.</summary>
public abstract class TunnelTestBase : RouteTestBase
{
    protected TunnelTestBase()
    {
        (Under, var other) = AddVeth();
        Up(Under);
        Up(other);
        Client.Addresses.Add(Under.Index, IPPrefix.Parse("192.0.2.1/24"));
        Client.Addresses.Add(Under.Index, IPPrefix.Parse("fd02::1/64"), new AddressOptions(NoDad: true));
    }

    protected Link Under { get; }

    /// <summary>flannel's device.</summary>
    protected Link AddVxlan(string name = "flannel.1", string local = "192.0.2.1", int vni = 1)
    {
        Client.Links.Add(
            new VxlanSpec
            {
                Name = name,
                Vni = vni,
                Parent = Under.Index,
                Local = IPAddr.Parse(local),
                Port = 8472,
                Address = MacAddress.Parse("02:00:00:00:00:99"),
                Up = true,
            }
        );
        return Client.Links.Get(name);
    }
}
