using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Linux;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Coordinator.Routes;

/// <summary>Executes the changes of tunnels' links, one by one.</summary>
/// <param name="client">The node's network.</param>
internal sealed class TunnelLinkApplier(RouteClient client)
{
    /// <summary>Executes all; returns what was done and what was refused.</summary>
    public SyncOutcome Apply(TunnelLinks difference)
    {
        var changes = new List<Change>();
        var failures = new List<string>(difference.Problems);
        foreach (var step in difference.Steps)
        {
            try
            {
                Apply(step);
                changes.Add(step.Text);
            }
            catch (ErrnoException e)
            {
                failures.Add(Describe(step, e));
            }
        }

        return new SyncOutcome(changes, failures);
    }

    private void Apply(LinkStep step)
    {
        switch (step)
        {
            case DeleteLink delete:
                client.Links.Delete(delete.Index);
                break;
            case MakeTunnel make:
                Make(make.Tunnel);
                break;
            case SetLink set:
                client.Links.Set(set.Index, set.Settings);
                break;
            case AddTunnelAddress { Tunnel: var tunnel }:
                EnableIPv6(tunnel);
                client.Addresses.Add(client.Links.Get(tunnel.Name).Index, tunnel.Address, new AddressOptions(NoDad: tunnel.Is6));
                break;
            case DeleteAddress delete:
                client.Addresses.Delete(delete.Index, delete.Address);
                break;
        }
    }

    private string Describe(LinkStep step, ErrnoException e) =>
        e.Errno switch
        {
            Errno.EOPNOTSUPP =>
                $"{step.Text}: the kernel has no such kind of link ({e.Message}); load its module, or choose another backend",
            Errno.EPERM => $"{step.Text}: {e.Message}; the coordinator needs CAP_NET_ADMIN",
            Errno.EEXIST or Errno.EADDRINUSE => $"{step.Text}: {e.Message}{TunnelRival.Describe(step, client.Links.List())}",
            _ => $"{step.Text}: {e.Message}",
        };

    // Where net.ipv6.conf.default.disable_ipv6 is 1, a new link has no IPv6, and the kernel refuses addresses, neighbours and routes on it.
    private static void EnableIPv6(DesiredTunnel tunnel)
    {
        if (tunnel.Is6)
            Sysctl.TryWrite($"net/ipv6/conf/{tunnel.Name}/disable_ipv6", "0");
    }

    private void Make(DesiredTunnel tunnel)
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
}
