using Plugboard.Linux;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.HostDevice;

/// <summary>
/// Moves a device into a container. What it was like is on record before the first change; its alias, its name on the host, marks it for
/// this plugin and the reference's.
/// </summary>
/// <param name="plugin">The plugin, for its reports.</param>
/// <param name="request">The call.</param>
/// <param name="records">The records, locked.</param>
/// <param name="node">The host's namespace.</param>
internal sealed class DeviceTake(string plugin, CniRequest request, DeviceRecords records, HostNamespace node)
{
    private readonly RouteClient host = node.Client;

    /// <summary>Moves it, and sets it up.</summary>
    /// <returns>The interface, as it is in the container.</returns>
    /// <exception cref="CniException">Code 101: the container has an interface of the name. Code 104: another one has the device. Code 7:
    /// the node has no such device, or it cannot be moved.</exception>
    public Link Run(DeviceFinder finder, NetworkNamespace pod, Rollback rollback)
    {
        using var inside = pod.OpenClient();
        if (inside.Links.Find(request.IfName) is not null)
            throw AlreadyExists(null);
        var link = Reclaim(finder, GetDevice(finder));
        // Before anything is on record: the container's own would pass for it.
        if (link.IsLoopback)
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"failed to move link failed to move \"{link.Name}\" to container NS: invalid argument",
                $"{link.Name} is the node's loopback interface, which cannot leave it, and each container has its own: correct the network "
                    + "config"
            );
        var record = DeviceRecord.Of(link, request.Attachment, host.Addresses.List(link.Index)) with
        {
            Boot = DeviceRecords.Boot,
            NetNs = request.NetNs,
            NetNsInode = pod.File.Status().Inode,
        };
        rollback.OnFailure($"give {link.Name} back", () => GiveBack(record));
        records.Write(record);
        Move(link, pod);
        return inside.Links.Get(request.IfName);
    }

    private Link GetDevice(DeviceFinder finder) =>
        finder.Find(host, records.List) ?? throw finder.Absent(CniErrorCode.InvalidNetworkConfig, records.List());

    // A device on the host is in no container, so what is on record of it is of one that ended without DEL.
    private Link Reclaim(DeviceFinder finder, Link link)
    {
        var stale = records.ListOf(link).Where(record => record.IsReturned(link) || record.Name == link.Name).ToArray();
        foreach (var record in stale)
        {
            if (record.IsReturned(link))
                new DeviceReturn(plugin, record, node).Run(null, mayFollow: false);
            records.Remove(record.Owner);
        }

        var found = stale.Length > 0 ? GetDevice(finder) : link;
        return finder.OwnNameOf(found) is { } name ? Rename(found, name) : found;
    }

    // The reference's container ended: there is no record, only the alias.
    private Link Rename(Link link, string name)
    {
        host.Links.Set(link.Index, new LinkChange { Up = false, Alias = "" });
        host.Links.Set(link.Index, new LinkChange { Name = name });
        return host.Links.Get(name);
    }

    private void Move(Link link, NetworkNamespace pod)
    {
        try
        {
            if (link.AlternativeNames.Contains(request.IfName))
                host.Links.DeleteAlternativeName(link.Index, request.IfName);
            host.Links.Set(
                link.Index,
                new LinkChange
                {
                    NetNs = pod.File,
                    Name = request.IfName,
                    Alias = link.Name,
                    Up = true,
                }
            );
        }
        catch (NetlinkException e) when (e.Errno == Errno.EEXIST)
        {
            throw AlreadyExists(e);
        }
        catch (NetlinkException e)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"failed to move link failed to move \"{link.Name}\" to container NS: {ErrnoException.Sentence(e.Errno)}",
                e.KernelMessage
                    ?? (
                        e.Errno == Errno.EINVAL
                            ? $"a {(link.Kind.Length > 0 ? link.Kind : "device of this driver")} cannot leave its namespace"
                            : $"the kernel refuses to move {link.Name}, or to set it up there"
                    ),
                e
            );
        }
    }

    // The lock was released since.
    private void GiveBack(DeviceRecord record)
    {
        using var locked = DeviceRecords.Ensure();
        using var pod = PodNamespace.Find(request.NetNs, plugin);
        new DeviceReturn(plugin, record, node).Run(pod, mayFollow: false);
        locked.Remove(record.Owner);
    }

    private CniException AlreadyExists(NetlinkException? cause) =>
        new(
            CniErrorCode.AlreadyAdded,
            $"failed to move link failed to move \"{request.IfName}\" to container NS: file exists",
            $"the network namespace has an interface {request.IfName} already: where an earlier ADD made it, DEL removes it",
            cause
        );
}
