using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Doctor.Nodes;

/// <summary>
/// The network namespaces of the node but its own: those that have a name and those that a process is in. Which addresses they have, and
/// which links of the node lead there.
/// </summary>
internal sealed class NamespaceScan
{
    private readonly HashSet<IPAddr> addresses = [];
    private readonly Dictionary<(int Namespace, int Index), Link> links = [];
    private readonly List<PodSpace> spaces = [];
    private readonly Dictionary<int, (ulong, ulong)> places = [];

    /// <summary>The addresses of all links there.</summary>
    public IReadOnlySet<IPAddr> Addresses => addresses;

    /// <summary>Each of them.</summary>
    public IReadOnlyList<PodSpace> Spaces => spaces;

    /// <summary>The other end of a veth link of the node; null if it is in a namespace that was not seen.</summary>
    public Link? FindPeer(Link port) =>
        port.LinkNetNsId is { } number && links.TryGetValue((number, port.PeerIndex), out var peer) ? peer : null;

    /// <summary>True if a veth link of the node ends in that namespace.</summary>
    public bool LeadsTo(Link port, FileStatus ns) =>
        port.LinkNetNsId is { } number && places.TryGetValue(number, out var place) && place == (ns.Device, ns.Inode);

    /// <summary>Looks into all of them, on a thread of its own.</summary>
    public static NamespaceScan Run(DoctorOptions options)
    {
        using var own = NetworkNamespace.OpenOwn();
        return NamespaceThread.Run(
            own,
            () =>
            {
                using var node = RouteClient.Open();
                var scan = new NamespaceScan();
                var seen = new HashSet<(ulong, ulong)> { Id(own.File.Status()) };
                foreach (var path in Paths(options))
                    scan.TryVisit(path, seen, node);
                return scan;
            }
        );
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

        using var processes = FileDirectory.Find(options.Under("/proc/1")) is null
            ? FileDirectory.Find("/proc")
            : FileDirectory.Find(options.Under("/proc"));
        foreach (var name in processes?.ReadNames() ?? [])
        {
            if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                yield return $"{processes!.Path}/{name}/ns/net";
        }
    }

    // One that ends while it is looked at is as good as gone.
    private void TryVisit(string path, HashSet<(ulong, ulong)> seen, RouteClient node)
    {
        try
        {
            if (FileDescriptor.FindStatus(path) is { } status && seen.Add(Id(status)))
                Visit(path, Id(status), node);
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

    private void Visit(string path, (ulong, ulong) id, RouteClient node)
    {
        using var ns = NetworkNamespace.Open(path);
        // Without a number no link of the node leads there; it may have a pod's address all the same, by macvlan or a bridge of its own.
        var number = node.Namespaces.FindNumber(ns);
        using var entered = ns.Enter();
        using var client = RouteClient.Open();
        IReadOnlyList<IPAddr> present = [.. client.Addresses.ListAll().Select(static address => address.Address.Address)];
        addresses.UnionWith(present);
        var found = client.Links.List();
        spaces.Add(new PodSpace(path, found, present));
        if (number is null)
            return;
        places[number.Value] = id;
        foreach (var link in found)
            links[(number.Value, link.Index)] = link;
    }
}
