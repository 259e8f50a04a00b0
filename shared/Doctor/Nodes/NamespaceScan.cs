using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Doctor.Nodes;

/// <summary>
/// The network namespaces of the node but its own: those that have a name and those that a process is in. Which addresses they have, and which links of the node lead there.
/// </summary>
internal sealed class NamespaceScan
{
    private readonly HashSet<IPAddr> addresses = [];
    private readonly Dictionary<int, Link> peers = [];
    private readonly Dictionary<int, (ulong, ulong)> places = [];

    /// <summary>The addresses of all links there.</summary>
    public IReadOnlySet<IPAddr> Addresses => addresses;

    /// <summary>The other ends of the node's veth links, by the index of the node's end.</summary>
    public IReadOnlyDictionary<int, Link> Peers => peers;

    /// <summary>True where the node's veth link with that index ends in that namespace.</summary>
    public bool LeadsTo(int linkIndex, FileStatus ns) => places.TryGetValue(linkIndex, out var place) && place == (ns.Device, ns.Inode);

    /// <summary>Looks into all of them, on a thread of its own.</summary>
    public static NamespaceScan Run(DoctorOptions options)
    {
        using var own = NetworkNamespace.OpenOwn();
        return NamespaceThread.Run(own, () =>
        {
            var scan = new NamespaceScan();
            var seen = new HashSet<(ulong, ulong)> { Id(own.File.Status()) };
            foreach (var path in Paths(options))
                scan.TryVisit(path, seen);
            return scan;
        });
    }

    private static (ulong, ulong) Id(FileStatus status) => (status.Device, status.Inode);

    private static IEnumerable<string> Paths(DoctorOptions options)
    {
        foreach (var named in (string[])["/run/netns", "/run/docker/netns"])
        {
            using var directory = FileDirectory.Find(options.Under(named));
            foreach (var name in directory?.ReadNames() ?? [])
                yield return $"{options.Under(named)}/{name}";
        }

        using var processes = FileDirectory.Find(options.Under("/proc/1")) is null ? FileDirectory.Find("/proc") : FileDirectory.Find(options.Under("/proc"));
        foreach (var name in processes?.ReadNames() ?? [])
        {
            if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                yield return $"{processes!.Path}/{name}/ns/net";
        }
    }

    // One that ends while it is looked at is as good as gone.
    private void TryVisit(string path, HashSet<(ulong, ulong)> seen)
    {
        try
        {
            if (FileDescriptor.FindStatus(path) is { } status && seen.Add(Id(status)))
                Visit(path, Id(status));
        }
        catch (ErrnoException)
        {
            return;
        }
        catch (NetworkNamespaceException)
        {
            return;
        }
    }

    private void Visit(string path, (ulong, ulong) id)
    {
        using var ns = NetworkNamespace.Open(path);
        using var entered = ns.Enter();
        using var client = RouteClient.Open();
        foreach (var address in client.Addresses.ListAll())
            addresses.Add(address.Address.Address);
        foreach (var link in client.Links.List())
        {
            if (link.Kind == "veth" && link.PeerIndex > 0 && link.LinkNetNsId is not null)
            {
                peers[link.PeerIndex] = link;
                places[link.PeerIndex] = id;
            }
        }
    }
}
