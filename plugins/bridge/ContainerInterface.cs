using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;

namespace Plugboard.Bridge;

/// <summary>The container's end of the pair, and a client of the pod's namespace.</summary>
internal sealed class ContainerInterface : IDisposable
{
    private readonly RouteClient inside;

    private ContainerInterface(RouteClient inside, Link link)
    {
        this.inside = inside;
        Link = link;
    }

    /// <summary>The interface as it was found.</summary>
    public Link Link { get; }

    /// <summary>Addresses, up, then the host's end up, then routes.</summary>
    public static ContainerInterface Connect(NetworkNamespace pod, VethPair pair, BridgeConfig config, AddressPlan plan)
    {
        using var entered = pod.Enter();
        var client = RouteClient.Open();
        try
        {
            var link = client.Links.Get(pair.Owner.IfName);
            Connect(client, link, pair, config, plan);
            return new ContainerInterface(client, link);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    private static void Connect(RouteClient client, Link link, VethPair pair, BridgeConfig config, AddressPlan plan)
    {
        var setup = new AddressSetup("bridge", client, link, plan)
        {
            IpamType = config.IpamType,
            Dad = config.EnableDad ? DuplicateDetection.On : DuplicateDetection.Off,
        };
        setup.AddAddresses();
        if (!config.DisableContainerInterface)
            client.Links.Set(link.Index, new LinkChange { Up = true, ArpNotify = plan.IPs.Count > 0 ? true : null });
        pair.SetUp();
        if (!config.DisableContainerInterface)
            VethPair.WaitUntilUp(client, link.Name);
        if (config.EnableDad)
            setup.WaitForDad();
        setup.AddRoutes();
    }

    /// <summary>
    /// Announces the pod's addresses to all neighbours, once the bridge forwards the pod's packets: hosts that know them of an earlier pod
    /// use the new one at once. The kernel does so by itself when a link comes up, which is too early, and whenever a hardware address is
    /// written, even the present one (net/ipv4/devinet.c and net/ipv6/ndisc.c, NETDEV_CHANGEADDR, with arp_notify and ndisc_notify).
    /// </summary>
    public void Announce() => inside.Links.Set(Link.Index, new LinkChange { Address = Link.Address });

    /// <inheritdoc/>
    public void Dispose() => inside.Dispose();
}
