using Plugboard.Addresses;
using Plugboard.Firewall.Pods;
using Plugboard.Hosting;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Route;
using Plugboard.Protocols.Cni;

namespace Plugboard.PodInterfaces;

/// <summary>
/// The plugin that the network config named at ADD, where DEL comes with another one: what a config has gained since then must not leave
/// the pod's rules to the next pod with its address, nor keep a device from its node. A record says which plugin it was, and that plugin's
/// own DEL knows how all of it is undone. Looked for only where the plugin of the call has found nothing of its own.
/// </summary>
public static class FormerPlugin
{
    private const string Bridge = "bridge";

    // Where the plugins have their records, of which only the name is looked at.
    private static readonly (string Plugin, Func<Attachment, string> Record)[] records =
    [
        ("host-device", static owner => $"{PodRecordStore.Root}/host-device/{owner.ContainerId}:{owner.IfName}"),
        ("sriov", static owner => $"/var/lib/cni/sriov/{owner.ContainerId}-{owner.IfName}"),
        (Bridge, static owner => $"{PodRecordStore.Root}/bridge/{owner.Tag}"),
        (Bridge, static owner => $"{PodRecordStore.Root}/policy/pods/{owner.Tag}"),
    ];

    // Their DEL comes before that of the plugin that made the interface.
    private static readonly string[] chained = ["portmap", "firewall"];

    /// <summary>
    /// DEL of the chained plugins whose rules for the container are still there: the network config has lost them since ADD, and the rules
    /// would be the next container's that gets the address. One that CNI_PATH does not have is reported: the interface is gone all the
    /// same.
    /// </summary>
    /// <param name="request">The call.</param>
    public static void DelChained(CniRequest request)
    {
        var tag = request.Attachment.Tag;
        foreach (var plugin in chained)
        {
            var record = $"{PodRecordStore.Root}/{plugin}/{tag}";
            if (request.Callers.Contains(plugin) || !Exists(record))
                continue;
            try
            {
                PluginDelegate.Find(request, plugin).Del();
            }
            catch (CniException e) when (e.Code == CniErrorCode.InvalidEnvironment)
            {
                StandardError.WriteLine($"{request.Callers[^1]}: the rules of {record} stay: {e.Message}");
            }
        }
    }

    /// <summary>
    /// DEL by another plugin, if it has a record of the container's interface. That may be of another network: its DEL then does nothing,
    /// and the interface is not the caller's either.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <returns>True if another plugin was called.</returns>
    /// <exception cref="CniException">The other plugin's error, or CNI_PATH does not have it.</exception>
    public static bool Del(CniRequest request)
    {
        foreach (var (plugin, record) in records)
        {
            if (request.Callers.Contains(plugin) || !Exists(record(request.Attachment)))
                continue;
            PluginDelegate.Find(request, plugin).Del();
            return true;
        }

        return false;
    }

    // A name that is too long for a file is of no ADD.
    private static bool Exists(string path)
    {
        try
        {
            return FileDescriptor.FindStatus(path) is not null;
        }
        catch (ErrnoException)
        {
            return false;
        }
    }

    /// <summary>
    /// As <see cref="Del"/>; without a record an interface with the attachment's mark is removed. For a plugin whose own interfaces have
    /// no mark.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="pod">The container's namespace; null if it is gone.</param>
    public static void DelOrDeleteMarked(CniRequest request, NetworkNamespace? pod)
    {
        if (Del(request))
            return;
        if (pod is not null)
        {
            using var inside = pod.OpenClient();
            if (PodLink.DeleteMarked(inside, inside.Links.Find(request.IfName), request.Attachment))
                return;
        }

        using var host = RouteClient.Open();
        new VethPair(host, request.Attachment).DeleteByOwner();
    }
}
