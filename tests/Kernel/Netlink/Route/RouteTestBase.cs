using System.Text.Json;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Netlink.RouteTests;

/// <summary>A host's namespace and a pod's, each with a client.</summary>
public abstract class RouteTestBase : IDisposable
{
    private readonly Lazy<TestNamespace> pod = new(() => new TestNamespace());
    private readonly Lazy<RouteClient> podClient;

    protected RouteTestBase()
    {
        Host = new TestNamespace();
        Client = RouteClient.Open(Host.Namespace);
        podClient = new Lazy<RouteClient>(() => RouteClient.Open(Pod.Namespace));
    }

    protected TestNamespace Host { get; }

    protected RouteClient Client { get; }

    protected TestNamespace Pod => pod.Value;

    protected RouteClient PodClient => podClient.Value;

    /// <summary>What ip(8) says of one link.</summary>
    protected static JsonElement IpLink(TestNamespace ns, string name) => ns.Json($"ip -d -j link show dev {name}")[0];

    /// <summary>A veth pair inside the host's namespace, both ends down.</summary>
    protected (Link First, Link Second) AddVeth(string first = "v0", string second = "v1")
    {
        Client.Links.Add(
            new VethSpec
            {
                Name = first,
                Peer = new VethPeer { Name = second },
            }
        );
        return (Client.Links.Get(first), Client.Links.Get(second));
    }

    protected void Up(Link link) => Client.Links.Set(link.Index, new LinkChange { Up = true });

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        Client.Dispose();
        if (podClient.IsValueCreated)
            podClient.Value.Dispose();
        if (pod.IsValueCreated)
            pod.Value.Dispose();
        Host.Dispose();
    }
}
