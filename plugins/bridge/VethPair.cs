using Plugboard.Linux;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>
/// The pair that leads from the pod to the bridge. One request makes both ends: the container's in its namespace, the host's up and a port already.
/// </summary>
internal static class VethPair
{
    private const int Attempts = 8;

    /// <summary>Makes the pair and returns the host's end.</summary>
    public static Link Create(RouteClient host, NetworkNamespace pod, VethOwner owner, Link bridge, BridgeConfig config, Rollback rollback)
    {
        for (var attempt = 0; ; attempt++)
        {
            var name = owner.HostName(attempt);
            var isMade = false;
            try
            {
                host.Links.Add(new VethSpec
                {
                    Name = name,
                    Up = true,
                    MasterIndex = bridge.Index,
                    Mtu = config.Mtu,
                    Peer = new VethPeer { Name = owner.IfName, NetNs = pod.File, Mtu = config.Mtu, Address = config.Mac },
                });
                isMade = true;
                return host.Links.Get(name);
            }
            catch (NetlinkException e) when (e.Errno == Errno.EEXIST && !isMade)
            {
                if (attempt + 1 < Attempts && host.Links.Find(name) is not null && !HasLink(pod, owner.IfName))
                    continue;
                throw AlreadyExists(owner.IfName, name, e);
            }
            catch (ErrnoException e) when (isMade || e is not NetlinkException)
            {
                rollback.OnFailure($"remove {name}", () => RemoveUnfinished(host, name));
                throw;
            }
        }
    }

    // Where the kernel's answer was lost it is not known whether the pair was made. One that an earlier ADD made has its alias.
    private static void RemoveUnfinished(RouteClient host, string name)
    {
        if (host.Links.Find(name) is { Kind: "veth", Alias: "" } link)
            host.Links.Delete(link.Index);
    }

    /// <summary>Removes the pair by the names that the owner's host end can have; a stranger's link of such a name stays.</summary>
    public static void DeleteByOwner(RouteClient host, VethOwner owner)
    {
        for (var attempt = 0; attempt < Attempts && host.Links.Find(owner.HostName(attempt)) is { } link; attempt++)
        {
            if (link.Alias != owner.Alias)
                continue;
            host.Links.Delete(link.Index);
            return;
        }
    }

    private static bool HasLink(NetworkNamespace pod, string name)
    {
        using var entered = pod.Enter();
        using var inside = RouteClient.Open();
        return inside.Links.Find(name) is not null;
    }

    private static CniException AlreadyExists(string container, string host, NetlinkException cause) => new(
        CniErrorCode.AlreadyAdded,
        $"container veth name (\"{container}\") peer provided (\"{host}\") already exists",
        $"the container already has an interface {container}: an earlier ADD was not followed by its DEL",
        cause);
}
