using Plugboard.Addresses;
using Plugboard.Coordinator.Engine;
using Plugboard.Coordinator.Node;
using Plugboard.Linux;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Coordinator.Routes;

/// <summary>Compares the actual with the desired tunnel links.</summary>
/// <param name="network">The actual network.</param>
internal sealed class TunnelLinks(NodeNetwork network)
{
    private readonly List<(Change Change, Action<RouteClient> Do)> steps = [];
    private readonly List<string> problems = [];

    /// <summary>True if a link is made, or made again: everything that was on it is gone.</summary>
    public bool MakesLinks { get; private set; }

    /// <summary>Foreign links under a tunnel's name, which cannot be replaced, a sentence each.</summary>
    public IReadOnlyList<string> Problems => problems;

    /// <summary>The changes.</summary>
    public IReadOnlyList<Change> Changes => steps.ConvertAll(step => step.Change);

    /// <summary>Queues what is missing, different or superfluous.</summary>
    /// <param name="tunnels">The desired tunnels.</param>
    /// <param name="mayPrune">Removes links with the coordinator's mark that the plan does not have, with all that is on them.</param>
    public void Compare(IReadOnlyList<DesiredTunnel> tunnels, bool mayPrune)
    {
        var wanted = tunnels.Select(tunnel => tunnel.Name).ToHashSet(StringComparer.Ordinal);
        foreach (
            var link in network.Links.Values.Where(link => mayPrune && link.Alias == DesiredTunnel.Alias && !wanted.Contains(link.Name))
        )
            steps.Add((new Change(ChangeVerb.Delete, "link", link.Name), client => client.Links.Delete(link.Index)));
        foreach (var tunnel in tunnels)
            Ensure(tunnel, network.Links.GetValueOrDefault(tunnel.Name));
    }

    /// <summary>Makes all changes; returns those that were made and the refusals.</summary>
    public SyncOutcome Execute(RouteClient client)
    {
        var changes = new List<Change>();
        var failures = new List<string>(problems);
        foreach (var (change, act) in steps)
        {
            try
            {
                act(client);
                changes.Add(change);
            }
            catch (ErrnoException e)
            {
                failures.Add(Describe(change, e));
            }
        }

        return new SyncOutcome(changes, failures);
    }

    private static string Describe(Change change, ErrnoException e) =>
        e.Errno switch
        {
            Errno.EOPNOTSUPP => $"{change}: the kernel has no such kind of link ({e.Message}); load its module, or choose another backend",
            Errno.EPERM => $"{change}: {e.Message}; the coordinator needs CAP_NET_ADMIN",
            _ => $"{change}: {e.Message}",
        };

    private void Ensure(DesiredTunnel tunnel, Link? present)
    {
        var kind = tunnel.Vxlan is null ? "ipip" : "vxlan";
        if (present is not null && present.Kind != kind)
        {
            problems.Add(
                $"a link {tunnel.Name} of kind {(present.Kind.Length == 0 ? "hardware" : present.Kind)} is in the way of the tunnel; "
                    + "remove or rename it"
            );
            return;
        }

        if (present is null || !CanBecome(present, tunnel))
        {
            Make(tunnel, present);
            return;
        }

        Adjust(tunnel, present);
        AdjustAddresses(tunnel, present);
    }

    private void Make(DesiredTunnel tunnel, Link? present)
    {
        MakesLinks = true;
        if (present is not null)
            steps.Add((new Change(ChangeVerb.Delete, "link", tunnel.Name), client => client.Links.Delete(present.Index)));
        steps.Add((new Change(ChangeVerb.Add, "link", tunnel.ToString()), client => Make(tunnel, client)));
        AddAddress(tunnel);
    }

    private static void Make(DesiredTunnel tunnel, RouteClient client)
    {
        client.Links.Add(SpecOf(tunnel));
        client.Links.Set(tunnel.Name, new LinkChange { Alias = DesiredTunnel.Alias, Mtu = tunnel.Mtu });
        RefuseAdvertisements(tunnel);
        client.Links.Set(tunnel.Name, new LinkChange { Up = true });
    }

    // Router advertisements that arrive through the tunnel must not configure this node. In an unprivileged container settings cannot be
    // written: there the node's default applies.
    private static void RefuseAdvertisements(DesiredTunnel tunnel)
    {
        if (tunnel.Vxlan is null)
            return;
        try
        {
            Sysctl.TryWrite($"net/ipv6/conf/{tunnel.Name}/accept_ra", "0");
        }
        catch (ErrnoException e) when (e.Errno is Errno.EROFS or Errno.EACCES or Errno.EPERM)
        {
            return;
        }
    }

    private void AddAddress(DesiredTunnel tunnel) =>
        steps.Add(
            (
                new Change(ChangeVerb.Add, "address", $"{tunnel.Address} dev {tunnel.Name}"),
                client => client.Addresses.Add(client.Links.Get(tunnel.Name).Index, tunnel.Address, new AddressOptions(NoDad: tunnel.Is6))
            )
        );

    private static LinkSpec SpecOf(DesiredTunnel tunnel) =>
        tunnel.Vxlan is { } vxlan
            ? new VxlanSpec
            {
                Name = tunnel.Name,
                Vni = vxlan.Vni,
                Port = (ushort)vxlan.Port,
                Learning = vxlan.Learning,
                Gbp = vxlan.Gbp,
                Local = tunnel.Local,
                Parent = tunnel.Uplink.Index,
                Address = vxlan.Mac,
            }
            : new IpipSpec
            {
                Name = tunnel.Name,
                Local = tunnel.Local,
                Parent = tunnel.Uplink.Index,
            };

    private static bool CanBecome(Link present, DesiredTunnel tunnel)
    {
        if (tunnel.Vxlan is not { } wanted)
            return present.Ipip is { } ipip && ipip.Local == tunnel.Local && ipip.Remote is null && ipip.LinkIndex == tunnel.Uplink.Index;
        return present.Vxlan is { } vxlan
            && vxlan.Vni == wanted.Vni
            && vxlan.Port == wanted.Port
            && vxlan.Local == tunnel.Local
            && vxlan.LinkIndex == tunnel.Uplink.Index
            && vxlan.Learning == wanted.Learning
            && vxlan.Gbp == wanted.Gbp
            && vxlan is { Group: null, L2Miss: false, L3Miss: false, CollectMetadata: false };
    }

    private void Adjust(DesiredTunnel tunnel, Link present)
    {
        var change = new LinkChange
        {
            Up = present.IsUp ? null : true,
            Mtu = present.Mtu == tunnel.Mtu ? null : tunnel.Mtu,
            Address = tunnel.Vxlan is null || present.Address == tunnel.Vxlan.Mac ? null : tunnel.Vxlan.Mac,
            Alias = present.Alias == DesiredTunnel.Alias ? null : DesiredTunnel.Alias,
        };
        if (change != new LinkChange())
            steps.Add((new Change(ChangeVerb.Replace, "link", $"{tunnel} up"), client => client.Links.Set(present.Index, change)));
    }

    private void AdjustAddresses(DesiredTunnel tunnel, Link present)
    {
        var own = network
            .Addresses.Where(address =>
                address.LinkIndex == present.Index && address.Address.Is6 == tunnel.Is6 && !IsOfTheKernel(address.Address)
            )
            .ToList();
        foreach (var foreign in own.Where(address => address.Address != tunnel.Address))
            steps.Add(
                (
                    new Change(ChangeVerb.Delete, "address", $"{foreign.Address} dev {tunnel.Name}"),
                    client => client.Addresses.Delete(present.Index, foreign.Address)
                )
            );
        if (own.TrueForAll(address => address.Address != tunnel.Address))
            AddAddress(tunnel);
    }

    // The link-local address that IPv6 gives every link.
    private static bool IsOfTheKernel(IPPrefix address) => address.Is6 && address.Address.IsLinkLocalUnicast;
}
