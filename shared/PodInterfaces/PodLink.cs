using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.PodInterfaces;

/// <summary>
/// The link of a <see cref="ChildLink"/>, and a client of the pod's namespace. It is made there under a name of the moment: kernels before
/// 6.6 refuse a name that the namespace of the master has (net/core/rtnetlink.c, __rtnl_newlink), and every node has an eth0. Its alias
/// names the owner.
/// </summary>
public sealed class PodLink : IDisposable
{
    private readonly NetworkNamespace pod;
    private readonly RouteClient inside;

    private PodLink(NetworkNamespace pod, RouteClient inside, Link link)
    {
        this.pod = pod;
        this.inside = inside;
        Link = link;
    }

    /// <summary>The link, as it was made.</summary>
    public Link Link { get; }

    /// <summary>Makes the link, down, with its name and the owner's mark.</summary>
    /// <exception cref="CniException">Code 101: the container has an interface of the name. Code 2 or 7: the kernel refuses.</exception>
    public static PodLink Create(NetworkNamespace pod, ChildLink child, Attachment owner, Rollback rollback)
    {
        var client = pod.OpenClient();
        try
        {
            if (client.Links.Find(owner.IfName) is not null)
                throw AlreadyExists(owner.IfName, null);
            if (child.IsMasterInContainer || !child.HasMaster)
                return new PodLink(pod, client, Create(pod, client, client, child, owner, rollback));
            using var host = RouteClient.Open();
            return new PodLink(pod, client, Create(pod, host, client, child, owner, rollback));
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    private static Link Create(
        NetworkNamespace pod,
        RouteClient from,
        RouteClient into,
        ChildLink child,
        Attachment owner,
        Rollback rollback
    )
    {
        var master = child.HasMaster ? new MasterLink(from, child).Find(CniErrorCode.InvalidNetworkConfig).Index : 0;
        var name = owner.FirstName;
        // Before it is made: the kernel's answer may be lost. By a client of its own: that of ADD is closed when the rollback comes.
        rollback.OnFailure($"remove {name}", () => pod.Inside(client => client.Links.Delete(name)));
        for (var isFirst = true; ; isFirst = false)
        {
            try
            {
                child.Create(from, name, master, pod);
                return Name(pod, into, name, owner, rollback);
            }
            catch (NetlinkException e) when (e.Errno == Errno.EEXIST && isFirst && into.Links.Delete(name))
            {
                // An ADD for this attachment was killed here.
            }
            catch (NetlinkException e)
            {
                throw Refused(child, e);
            }
        }
    }

    // The name and the mark in one request: a link with the pod's name is never one without an owner.
    private static Link Name(NetworkNamespace pod, RouteClient into, string name, Attachment owner, Rollback rollback)
    {
        var link = into.Links.Get(name);
        rollback.OnFailure($"remove {owner.IfName}", () => pod.Inside(client => client.Links.Delete(link.Index)));
        try
        {
            into.Links.Set(link.Index, new LinkChange { Name = owner.IfName, Alias = owner.Alias });
        }
        catch (NetlinkException e) when (e.Errno == Errno.EEXIST)
        {
            throw AlreadyExists(owner.IfName, e);
        }

        return into.Links.Get(owner.IfName);
    }

    /// <summary>Gives the link its addresses, sets it up, and adds the routes.</summary>
    /// <param name="plugin">The plugin, for its reports.</param>
    /// <param name="child">What the config says.</param>
    /// <param name="addresses">What it gets.</param>
    /// <param name="ipamType">The IPAM plugin, for messages.</param>
    public void Connect(string plugin, ChildLink child, PodAddresses addresses, string ipamType)
    {
        using var entered = pod.Enter();
        // A kind with neighbours asks them before it uses an IPv6 address: other hosts are on their network.
        var setup = new AddressSetup(plugin, inside, Link, addresses)
        {
            IpamType = ipamType,
            Dad = child.HasNeighbours ? DuplicateDetection.AsSet : DuplicateDetection.Off,
        };
        setup.AddAddresses();
        var announces = child.HasNeighbours && addresses.IPs.Count > 0;
        SetUp(child, new LinkChange { Up = true, ArpNotify = announces ? true : null });
        if (child.HasNeighbours && addresses.IPs.Any(static ip => ip.Address.Is6 && ip.Gateway is not null))
            setup.WaitForDad();
        setup.AddRoutes();
    }

    // Only here a macvlan's hardware address is compared with those of its master and of its neighbours (drivers/net/macvlan.c,
    // macvlan_open).
    private void SetUp(ChildLink child, LinkChange change)
    {
        try
        {
            inside.Links.Set(Link.Index, change);
        }
        catch (NetlinkException e) when (e.Errno == Errno.EADDRINUSE && child.FindRemedy(e.Errno) is { } remedy)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"failed to set \"{Link.Name}\" UP: {ErrnoException.Sentence(e.Errno)}",
                remedy,
                e
            );
        }
    }

    /// <summary>
    /// Removes the link of an attachment, if it is there: by its mark, under whatever name the pod gave it, or one of its kind without a
    /// mark, as the reference plugins make it. A link with the mark of another attachment, or of another kind, stays. Where nothing has
    /// the mark, the network may have been one of another plugin at ADD: that one's DEL is called (<see cref="FormerPlugin"/>), or a pair
    /// of the attachment is removed.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="plugin">The plugin, for its reports.</param>
    /// <param name="kind">The kind of its links.</param>
    public static void Delete(CniRequest request, string plugin, string kind)
    {
        using var found = PodNamespace.Find(request.NetNs, plugin);
        if ((found is not null && DeleteMarked(found, request)) || FormerPlugin.Del(request))
            return;
        if (found is not null)
            DeleteUnmarked(found, request.IfName, kind);
        using var host = RouteClient.Open();
        new VethPair(host, request.Attachment).DeleteByOwner();
    }

    private static bool DeleteMarked(NetworkNamespace found, CniRequest request)
    {
        using var client = found.OpenClient();
        return DeleteMarked(client, client.Links.Find(request.IfName), request.Attachment);
    }

    private static void DeleteUnmarked(NetworkNamespace found, string name, string kind)
    {
        using var client = found.OpenClient();
        if (client.Links.Find(name) is { } link && link.Kind == kind && VethNames.Parse(link.Alias) is null)
            client.Links.Delete(link.Index);
    }

    /// <summary>
    /// Removes the link with the owner's mark, and one that a killed ADD left without it; false if the pod has none with the mark. All
    /// links are read only if the named one does not have it.
    /// </summary>
    /// <param name="client">A client of the pod's namespace.</param>
    /// <param name="named">The link of CNI_IFNAME there; null if absent.</param>
    /// <param name="owner">The attachment.</param>
    internal static bool DeleteMarked(RouteClient client, Link? named, Attachment owner)
    {
        client.Links.Delete(owner.FirstName);
        var isNamed = named is not null && IsMarked(named, owner);
        var marked = isNamed ? named : client.Links.List().FirstOrDefault(link => IsMarked(link, owner));
        return marked is not null && client.Links.Delete(marked.Index);
    }

    private static bool IsMarked(Link link, Attachment owner) => VethNames.Parse(link.Alias) == owner;

    private static CniException AlreadyExists(string name, NetlinkException? cause) =>
        new(
            CniErrorCode.AlreadyAdded,
            $"container interface name (\"{name}\") already exists",
            $"the network namespace has an interface {name} already: where an earlier ADD made it, DEL removes it",
            cause
        );

    private static CniException Refused(ChildLink child, NetlinkException e) =>
        e.Errno == Errno.EOPNOTSUPP
            ? KernelSupport.LacksLinks(child.Kind, e)
            : new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"failed to create {child.Kind}: {ErrnoException.Sentence(e.Errno)}",
                child.FindRemedy(e.Errno) ?? e.KernelMessage ?? "the kernel refuses such a link above this master",
                e
            );

    /// <inheritdoc/>
    public void Dispose() => inside.Dispose();
}
