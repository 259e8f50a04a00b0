using System.Diagnostics;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Namespaces;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.HostDevice;

/// <summary>
/// Gives a device back to the host as its record has it, from wherever it is: the container, the host's namespace if the container's has
/// ended, or half-way. Each step is done only as far as it is not done yet; the mark (<see cref="DeviceRecord.IsMark"/>) goes last.
/// </summary>
/// <param name="plugin">The plugin, for its reports.</param>
/// <param name="record">The device as it was.</param>
/// <param name="node">The host's namespace.</param>
internal sealed class DeviceReturn(string plugin, DeviceRecord record, HostNamespace node)
{
    private const int StepMilliseconds = 20;

    private readonly RouteClient host = node.Client;

    // The kernel takes a namespace apart in the background (net/core/net_namespace.c, cleanup_net).
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(3);

    /// <summary>How often a hardware address is set that the driver refuses, or takes later.</summary>
    public int Attempts { get; init; } = 1;

    /// <summary>Finds the device on the host; null: by its record.</summary>
    public Func<Link?>? Finder { get; init; }

    /// <summary>
    /// While another link of the host has the device's name, the device stays in the container, as with the reference: the caller comes
    /// again. Else it moves under a free name.
    /// </summary>
    public bool WaitsForName { get; init; }

    /// <summary>The device is still in the container, because of <see cref="WaitsForName"/>.</summary>
    public bool HasStayed { get; private set; }

    /// <summary>Gives it back, if there is anything left of it.</summary>
    /// <param name="pod">The container's namespace; null if it is gone.</param>
    /// <param name="mayFollow">True if the device comes back by itself, should it not be there yet.</param>
    /// <exception cref="CniException">Code 7: the host has another link of its name by now; the device is still in the container
    /// (<see cref="HasStayed"/>), or on the host under another name.</exception>
    public void Run(NetworkNamespace? pod, bool mayFollow)
    {
        if (pod is not null)
        {
            using var inside = pod.OpenClient();
            if (FindInside(inside) is { } link)
                MoveOut(inside, link);
        }

        if (FindOnHost(wait: pod is null && mayFollow) is { } found)
            Restore(found);
    }

    /// <summary>The device in a container, also one that was renamed there, or whose alias was removed.</summary>
    public Link? FindInside(RouteClient inside)
    {
        var same = inside.Links.List().Where(record.Identity.IsInContainer).ToArray();
        return same.FirstOrDefault(each => each.Alias == record.Name)
            ?? same.FirstOrDefault(each => each.Name == record.Owner.IfName)
            ?? (same is [var only] && (record.Identity.IsCertain || only.Address == record.Identity.Mac) ? only : null);
    }

    // Renamed in the container, where no udev renames it again.
    private void MoveOut(RouteClient inside, Link link)
    {
        var isTaken = host.Links.Find(record.Name) is not null;
        if (isTaken && WaitsForName)
            throw Stay(inside, link);
        inside.Links.Set(link.Index, new LinkChange { Up = false, Alias = record.HasMark ? record.Name : null });
        if (link.Name != record.Name)
            Rename(inside, link);
        var name = isTaken ? FreeName : record.Name;
        try
        {
            inside.Links.Set(link.Index, new LinkChange { NetNs = node.Namespace.File, Name = name });
        }
        catch (NetlinkException e) when (e.Errno == Errno.EEXIST && name != FreeName)
        {
            // Another process was faster with the name; or the device has moved, and only the name was refused.
            if (inside.Links.Find(link.Index) is not { } stayed || !record.Identity.Is(stayed))
                return;
            if (WaitsForName)
            {
                inside.Links.Set(link.Index, new LinkChange { Name = link.Name, Up = link.IsUp });
                throw Stay(inside, link);
            }

            inside.Links.Set(link.Index, new LinkChange { NetNs = node.Namespace.File, Name = FreeName });
        }
    }

    // Without its addresses: the IPAM plugin gives them to other pods.
    private CniException Stay(RouteClient inside, Link link)
    {
        HasStayed = true;
        foreach (var address in inside.Addresses.List(link.Index))
        {
            if (address.Scope != RouteScope.Link)
                inside.Addresses.Delete(link.Index, address.Address);
        }

        return NameTaken(
            $"the device stays in the container as {link.Name}, without addresses: the {Rival()} has its name; "
                + "rename or remove that link, then the next DEL succeeds"
        );
    }

    private string FreeName => record.Owner.FirstName;

    // False if another link has the name. An alternative name of the device itself is in its way too.
    private bool Rename(RouteClient client, Link link)
    {
        if (link.AlternativeNames.Contains(record.Name))
            client.Links.DeleteAlternativeName(link.Index, record.Name);
        try
        {
            client.Links.Set(link.Index, new LinkChange { Name = record.Name });
            return true;
        }
        catch (NetlinkException e) when (e.Errno == Errno.EEXIST)
        {
            return false;
        }
    }

    private Link? FindOnHost(bool wait)
    {
        for (var watch = Stopwatch.StartNew(); ; OwnProcess.Pause(StepMilliseconds))
        {
            if (FindOnHost() is { } found)
                return found;
            if (!wait || watch.Elapsed >= patience)
                return null;
        }
    }

    private Link? FindOnHost()
    {
        if (Finder is not null)
            return Finder();
        return host.Links.Find(record.Name) is { } named && record.IsMark(named)
            ? named
            : host.Links.List().FirstOrDefault(record.IsReturned);
    }

    private void Restore(Link link)
    {
        var isNamed = link.Name == record.Name;
        if (!isNamed)
        {
            // Before Linux 6.2 a link that is up keeps its name.
            host.Links.Set(link.Index, new LinkChange { Up = false });
            isNamed = Rename(host, link);
        }

        // 0: the record does not say.
        if (record.Mtu > 0 && link.Mtu != record.Mtu)
            Try(link, $"MTU {record.Mtu}", new LinkChange { Mtu = record.Mtu });
        if (record.Identity.Mac is { } mac && link.Address != mac)
            RestoreAddress(link, new LinkChange { Address = mac });
        RestoreAddresses(link);
        if (record.IsUp && record.HasMark && isNamed && TryRaiseUnmarked(link))
            return;
        if (record.IsUp)
            Try(link, "state up", new LinkChange { Up = true });
        if (!isNamed)
            throw NameTaken(link);
        if (record.HasMark)
            host.Links.Set(link.Index, new LinkChange { Alias = record.Alias });
    }

    // In one request, as it is wherever the driver does not refuse.
    private bool TryRaiseUnmarked(Link link)
    {
        try
        {
            host.Links.Set(link.Index, new LinkChange { Up = true, Alias = record.Alias });
            return true;
        }
        catch (NetlinkException)
        {
            return false;
        }
    }

    // Many drivers take another address only while the link is down, and some tell the card, which answers later.
    private void RestoreAddress(Link link, LinkChange change)
    {
        if (link.IsUp)
            Try(link, "state down", new LinkChange { Up = false });
        for (var attempt = 1; attempt < Attempts; attempt++)
        {
            if (host.Links.TrySetAddress(link.Index, change.Address!.Value))
                return;
            OwnProcess.Pause(VfMoves.RetryMilliseconds);
        }

        Try(link, $"hardware address {change.Address}", change);
    }

    private void RestoreAddresses(Link link)
    {
        if (record.Addresses.Count == 0)
            return;
        var present = host.Addresses.List(link.Index).Select(static each => each.Address).ToHashSet();
        foreach (var kept in record.Addresses)
        {
            if (present.Contains(kept.Address))
                continue;
            var options = new AddressOptions(
                (kept.Flags & AddressFlags.NoDad) != 0,
                (kept.Flags & AddressFlags.NoPrefixRoute) != 0,
                kept.Scope
            );
            Report(link, $"address {kept.Address}", () => host.Addresses.Add(link.Index, kept.Address, options));
        }
    }

    private void Try(Link link, string what, LinkChange change) => Report(link, what, () => host.Links.Set(link.Index, change));

    // What the driver refuses once it refuses always: DEL must not fail for ever.
    private void Report(Link link, string what, Action restore)
    {
        try
        {
            restore();
        }
        catch (NetlinkException e)
        {
            StandardError.WriteLine($"{plugin}: {link.Name} is back without its {what}: {e.Message}");
        }
    }

    private CniException NameTaken(Link link)
    {
        host.Links.Set(link.Index, new LinkChange { Alias = record.Name });
        return NameTaken(
            $"the device is back on the host as {link.Name}, with {record.Name} as its alias: the {Rival()} has its name; "
                + "rename one of them. The next DEL succeeds"
        );
    }

    private CniException NameTaken(string details) =>
        new(CniErrorCode.InvalidNetworkConfig, $"failed to move \"{record.Name}\" to hostNS: file exists", details);

    private string Rival() => (host.Links.Find(record.Name) is { Kind.Length: > 0 } other ? other.Kind + " " : "") + $"link {record.Name}";
}
