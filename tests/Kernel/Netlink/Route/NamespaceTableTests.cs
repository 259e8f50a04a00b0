using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Netlink.RouteTests;

public sealed class NamespaceTableTests
{
    [KernelFact]
    public void A_namespace_has_the_number_that_links_to_it_tell()
    {
        using var ns = new TestNamespace();
        using var other = new TestNamespace();
        using var client = RouteClient.Open(ns.Namespace);
        Assert.Null(client.Namespaces.FindNumber(other.Namespace));
        client.Links.Add(
            new VethSpec
            {
                Name = "v0",
                Peer = new VethPeer { Name = "v1", NetNs = other.Namespace.File },
            }
        );
        Assert.NotNull(client.Links.Get("v0").LinkNetNsId);
        Assert.Equal(client.Links.Get("v0").LinkNetNsId, client.Namespaces.FindNumber(other.Namespace));
    }
}
