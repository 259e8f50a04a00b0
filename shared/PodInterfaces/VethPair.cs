using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.PodInterfaces;

/// <summary>
/// The pair that leads from the pod to the node. One request makes both ends: the container's in its namespace, the host's a bridge's port
/// already, where there is a bridge. Both are down: a port that comes up after the container's end is enabled once, one that comes up
/// before is enabled, disabled and enabled again.
/// </summary>
public sealed class VethPair(RouteClient host, Attachment owner)
{
    private const int Attempts = 8;

    /// <summary>Longer than the kernel ever takes to see that both ends are up.</summary>
    private static readonly TimeSpan CarrierTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The owner of the pair.</summary>
    public Attachment Owner => owner;

    /// <summary>The name of the host's end, once it is made.</summary>
    public string Port { get; private set; } = "";

    /// <summary>The hardware address of the host's end, once it is made.</summary>
    public MacAddress HostAddress { get; private set; }

    /// <summary>The hardware address of the container's end, once it is made.</summary>
    public MacAddress ContainerAddress { get; private set; }

    /// <summary>Makes the pair.</summary>
    /// <param name="pod">The container's namespace.</param>
    /// <param name="bridge">The bridge of the host's end; null: none.</param>
    /// <param name="mtu">Of both ends, in bytes; 0: the kernel's default.</param>
    /// <param name="mac">The container end's hardware address; null: a random one.</param>
    /// <param name="rollback">Removes the pair.</param>
    public void Create(NetworkNamespace pod, Link? bridge, int mtu, MacAddress? mac, Rollback rollback)
    {
        // Random: a computed address could exist on two nodes with equal inputs, and their common network could not distinguish the pods.
        var bits = RandomBits.Next();
        ContainerAddress = mac ?? MacAddress.Local(bits);
        HostAddress = owner.HostAddress(bits >> 40);
        if (bridge is not null && ContainerAddress == bridge.Address)
            throw AddressOfBridge(bridge);
        for (var (attempt, tries) = (0, 1); ; tries++)
        {
            var name = owner.HostName(attempt);
            try
            {
                host.Links.Add(
                    new VethSpec
                    {
                        Name = name,
                        Address = HostAddress,
                        MasterIndex = bridge?.Index ?? 0,
                        Mtu = mtu,
                        Queues = 1,
                        Peer = new VethPeer
                        {
                            Name = owner.IfName,
                            NetNs = pod.File,
                            Mtu = mtu,
                            Address = ContainerAddress,
                        },
                    }
                );
                Port = name;
                rollback.OnFailure($"remove {name}", () => host.Links.Delete(name));
                return;
            }
            catch (NetlinkException e) when (e.Errno == Errno.EEXIST)
            {
                if (tries == Attempts || HasLink(pod, owner.IfName))
                    throw AlreadyExists(owner.IfName, name, e);
                attempt += MakeRoom(name, e) ? 0 : 1;
            }
            catch (NetlinkException e) when (e.Errno == Errno.EOPNOTSUPP)
            {
                throw KernelSupport.Lacks("veth pairs", "the module veth (CONFIG_VETH)", e);
            }
            catch (ErrnoException e) when (e is not NetlinkException)
            {
                rollback.OnFailure($"remove {name}", () => RemoveUnfinished(name));
                throw;
            }
        }
    }

    // If the name is taken: true if it is free now, false if a foreign link has it. An earlier ADD's pair of a living container is in use.
    private bool MakeRoom(string name, NetlinkException cause)
    {
        if (host.Links.Find(name) is not { } link)
            return true;
        if (!EarlierAttachment.IsOwn(link, owner))
            return false;
        if (EarlierAttachment.IsAlive(host, link))
            throw LivesAlready(name, cause);
        host.Links.Delete(link.Index);
        return true;
    }

    /// <summary>Sets the host's end up.</summary>
    public void SetUp() => host.Links.Set(Port, new LinkChange { Up = true });

    /// <summary>Waits until the host's end, both being set up, can send, and returns it.</summary>
    public Link WaitUntilUp() => WaitUntilUp(host, Port);

    /// <summary>
    /// Waits until one end, both being set up, can send. To be asked for a link makes the kernel look at it, so the first answer is nearly
    /// always that it is up; else its notification is waited for. Called inside the namespace that <paramref name="client"/> is of.
    /// </summary>
    public static Link WaitUntilUp(RouteClient client, string name)
    {
        var link = client.Links.Get(name);
        if (link.OperState == OperState.Up)
            return link;
        using var monitor = RouteMonitor.Open(RouteMonitorGroups.Link);
        // It asks again first: the link may have come up before the monitor listened.
        if (monitor.WaitForLink(client, link.Index, found => (link = found).OperState == OperState.Up, CarrierTimeout))
            return link;
        throw new CniException(
            CniErrorCode.TryAgainLater,
            $"bridge port in error state: {link.OperState.Text()}",
            $"{name} did not come up within {CarrierTimeout.TotalSeconds} s: something has set it or its other end down"
        );
    }

    // Where the kernel's answer was lost it is not known whether the pair was made. One that an earlier ADD made has its alias.
    private void RemoveUnfinished(string name)
    {
        if (host.Links.Find(name) is { Alias: "" } link && link.Address == HostAddress)
            host.Links.Delete(link.Index);
    }

    /// <summary>
    /// Removes the pair by the possible names of the owner's host end; a foreign link of such a name stays. A killed ADD may have left a
    /// pair without its alias, which its address then identifies.
    /// </summary>
    /// <returns>True if there was a pair.</returns>
    public bool DeleteByOwner()
    {
        for (var attempt = 0; attempt < Attempts && host.Links.Find(owner.HostName(attempt)) is { } link; attempt++)
        {
            if (EarlierAttachment.IsOwn(link, owner))
            {
                host.Links.Delete(link.Index);
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Removes the pair of an attachment, whatever of it can be found. By the host's end, which takes the container's with it: the kernel
    /// does that a fifth faster than the other way round. An interface of the name that another network attached stays: a runtime calls
    /// DEL after an ADD that was refused because the name was taken. Where there is no pair of the attachment, the network may have been
    /// one of another plugin at ADD: a link with the mark is removed, or that plugin's DEL is called (<see cref="FormerPlugin"/>).
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="plugin">The plugin, for its reports.</param>
    /// <param name="isPort">The host's end is a bridge's port.</param>
    public static void Delete(CniRequest request, string plugin, bool isPort)
    {
        using var host = RouteClient.Open();
        var hadPair = new VethPair(host, request.Attachment).DeleteByOwner();
        using var pod = PodNamespace.Find(request.NetNs, plugin);
        using var inside = pod?.OpenClient();
        var named = inside?.Links.Find(request.IfName);
        if (!hadPair && ((inside is not null && PodLink.DeleteMarked(inside, named, request.Attachment)) || FormerPlugin.Del(request)))
            return;
        if (inside is not null && named is { Kind: "veth" })
            DeleteUnmarked(request, host, inside, named, isPort);
    }

    // Objects of another implementation have no owner.
    private static void DeleteUnmarked(CniRequest request, RouteClient host, RouteClient inside, Link link, bool isPort)
    {
        var peer = InterfaceOwner.FindPeer(host, link);
        if (peer is not null && VethNames.Parse(peer.Alias) is { } marked && marked != request.Attachment)
            return;
        if (peer is null || (isPort && peer.MasterIndex == 0) || !host.Links.Delete(peer.Index))
            inside.Links.Delete(link.Index);
    }

    private static bool HasLink(NetworkNamespace pod, string name) => pod.Inside(inside => inside.Links.Find(name) is not null);

    private static CniException AddressOfBridge(Link bridge) =>
        new(
            CniErrorCode.InvalidNetworkConfig,
            $"address {bridge.Address}: the bridge {bridge.Name} has it",
            "the MAC that is asked for must be the container's alone: what is sent to it would go to the node"
        );

    private static CniException AlreadyExists(string container, string host, NetlinkException cause) =>
        new(
            CniErrorCode.AlreadyAdded,
            $"container veth name (\"{container}\") peer provided (\"{host}\") already exists",
            $"the network namespace has an interface {container} already: where an earlier ADD made it, DEL removes it",
            cause
        );

    private CniException LivesAlready(string host, NetlinkException cause) =>
        new(
            CniErrorCode.AlreadyAdded,
            $"container {owner.ContainerId} is attached to network {owner.Network} already, by {host}",
            $"{host} leads to an interface of that attachment in a network namespace that is in use: DEL comes before another ADD",
            cause
        );
}
