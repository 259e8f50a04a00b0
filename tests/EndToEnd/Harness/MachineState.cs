using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Netlink.Route;

namespace Plugboard.Tests.EndToEnd.Harness;

/// <summary>
/// What calls could have left on a node and in its pods: links, addresses, routes, settings, leases and other files, held locks, processes.
/// A fact a line, so that the difference of two states reads as what was lost and what was left. What the kernel does by itself in its own
/// time is left out: link-local addresses, multicast routes, the state of carriers.
/// </summary>
internal sealed class MachineState
{
    private static readonly string[] Settings =
    [
        "net/ipv4/ip_forward",
        "net/ipv6/conf/all/forwarding",
        "net/ipv6/conf/lo/disable_ipv6",
        "net/ipv6/conf/default/accept_dad",
        "net/ipv4/conf/default/arp_notify",
        "net/ipv6/conf/default/keep_addr_on_down",
        "net/ipv6/conf/default/accept_ra",
    ];

    private const string HostDeviceRecords = "/run/plugboard/host-device";

    private readonly SortedSet<string> facts = new(StringComparer.Ordinal);

    private MachineState() { }

    /// <summary>The state now.</summary>
    public static MachineState Of(CniNode node, params CniPod[] pods)
    {
        var state = new MachineState();
        node.Run(() => state.AddNetwork("node"));
        foreach (var pod in pods)
            pod.Run(() => state.AddNetwork(pod.ContainerId));
        node.Run(() => state.AddFiles(node));
        state.facts.UnionWith(ProcessesOf(node));
        return state;
    }

    /// <summary>What <paramref name="later"/> lacks (<c>-</c>) or has more (<c>+</c>), without ignored facts.</summary>
    public IReadOnlyList<string> Difference(MachineState later, Func<string, bool>? ignore = null) =>
        [
            .. facts.Except(later.facts).Where(fact => ignore?.Invoke(fact) != true).Select(static fact => "- " + fact),
            .. later.facts.Except(facts).Where(fact => ignore?.Invoke(fact) != true).Select(static fact => "+ " + fact),
        ];

    /// <summary>All facts, a line each.</summary>
    public override string ToString() => string.Join('\n', facts);

    // Of the namespace of the thread.
    private void AddNetwork(string where)
    {
        using var client = RouteClient.Open();
        var links = client.Links.List();
        var names = links.ToDictionary(static link => link.Index, static link => link.Name);
        foreach (var link in links)
        {
            var master = names.GetValueOrDefault(link.MasterIndex, "");
            facts.Add(
                $"{where}: link {link.Name} {link.Kind} in '{master}' up {link.IsUp} promiscuous {link.IsPromiscuous} mtu {link.Mtu} "
                    + $"alias '{link.Alias}'"
            );
            foreach (var address in client.Addresses.List(link.Index).Where(static each => each.Scope != RouteScope.Link))
                facts.Add($"{where}: address {address.Address} on {link.Name}");
        }

        foreach (var family in (ReadOnlySpan<AddressFamily>)[AddressFamily.IPv4, AddressFamily.IPv6])
        {
            foreach (var route in client.Routes.List(new RouteFilter(family, 254)).Where(static each => !IsKernels(each)))
                facts.Add(
                    $"{where}: route {route.Dst} by {route.Gateway} on {names.GetValueOrDefault(route.OutInterface, "")} metric "
                        + $"{route.Priority}"
                );
        }

        AddTraffic(where, client, names);
        foreach (var name in Settings)
            facts.Add($"{where}: setting {name} = {Sysctl.Find(name)}");
        foreach (var bridge in links.Where(static link => link.Kind == "bridge"))
            AddLock($"{where}: lock of {bridge.Name}", $"/proc/sys/net/ipv4/conf/{bridge.Name}");
    }

    // Qdiscs that a program has set, and their filters.
    private void AddTraffic(string where, RouteClient client, Dictionary<int, string> names)
    {
        foreach (var qdisc in client.Qdiscs.List().Where(static each => each.Handle.Value != 0))
        {
            var link = names.GetValueOrDefault(qdisc.LinkIndex, "");
            facts.Add($"{where}: qdisc {qdisc.Kind} {qdisc.Handle} at {qdisc.Parent} of {link} {qdisc.Tbf}{qdisc.Htb}");
            foreach (var each in client.Classes.List(qdisc.LinkIndex).Where(each => each.Handle.Major == qdisc.Handle.Major))
                facts.Add($"{where}: class {each.Handle} of {link} {each.Htb}");
            foreach (var filter in client.Filters.List(qdisc.LinkIndex, qdisc.Handle))
                facts.Add($"{where}: filter {filter.Kind} {filter.Priority} of {qdisc.Handle} of {link}");
        }
    }

    private static bool IsKernels(Route route) =>
        route.Dst.ToString() is var dst
        && (dst.StartsWith("fe80:", StringComparison.Ordinal) || dst.StartsWith("ff", StringComparison.Ordinal));

    private void AddFiles(CniNode node)
    {
        if (Directory.Exists(HostDeviceRecords))
            facts.UnionWith(
                Directory.EnumerateFiles(HostDeviceRecords, "*", SearchOption.AllDirectories).Select(static path => $"file {path}")
            );
        if (!Directory.Exists(node.DataDirectory))
            return;
        foreach (var path in Directory.EnumerateFiles(node.DataDirectory, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(node.DataDirectory, path);
            if (Path.GetFileName(path) == "lock")
                AddLock($"lock {name}", path);
            else if (
                !name.StartsWith(".owners/", StringComparison.Ordinal) && !name.Contains("last_reserved_ip.", StringComparison.Ordinal)
            )
                facts.Add($"file {name}: {File.ReadAllText(path).ReplaceLineEndings(" ")}");
        }
    }

    // Taken and given back: /proc/locks has the locks of all filesystems, with the same inode numbers on several. A child that another test
    // starts at this moment has a copy of a closed descriptor until it executes.
    private void AddLock(string what, string path)
    {
        var file = FileDescriptor.OpenKernelFile(path);
        if (FileLock.TryTake(file, TimeSpan.FromSeconds(5)) is { } taken)
        {
            taken.Dispose();
            return;
        }

        file.Dispose();
        facts.Add($"{what} is held");
    }

    /// <summary>The plugins that run in the node's namespace at this moment, name and number.</summary>
    public static IReadOnlyList<string> ProcessesOf(CniNode node)
    {
        var home = node.Run(static () => new FileInfo("/proc/thread-self/ns/net").LinkTarget);
        var found = new List<string>();
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(static path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            if (
                LinkOf(process + "/exe") is { } executable
                && executable.StartsWith(node.Plugins + "/", StringComparison.Ordinal)
                && LinkOf(process + "/ns/net") == home
            )
                found.Add($"process {Path.GetFileName(executable)} {Path.GetFileName(process)}");
        }

        return found;
    }

    // Null for a process that has ended meanwhile, and for the kernel's own threads.
    private static string? LinkOf(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
