using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>The host's veth end as a port of the bridge.</summary>
internal static class BridgePort
{
    /// <summary>The VLAN that the kernel gives a new port.</summary>
    private const int DefaultVlan = 1;

    /// <summary>Longer than the kernel ever takes to see that both ends are up.</summary>
    private static readonly TimeSpan CarrierTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Sets what a port can be set to: owner, hairpin, isolation, VLANs.</summary>
    public static void Configure(RouteClient host, Link port, VethOwner owner, BridgeConfig config)
    {
        if (owner.Alias is { } alias)
            host.Links.Set(port.Index, new LinkChange { Alias = alias });
        host.Links.SetPort(port.Index, new BridgePortChange { Hairpin = config.HairpinMode, Isolated = config.PortIsolation });
        if (config.VlanFiltering)
            ConfigureVlans(host, port.Index, config.Vlan, config.VlanTrunk, config.PreserveDefaultVlan);
    }

    /// <summary>Gives a port its VLANs: one untagged, others tagged, and the kernel's default only where it is to stay or nothing else is untagged.</summary>
    public static void ConfigureVlans(RouteClient host, int port, int vlan, IReadOnlyList<int> trunk, bool preserveDefault)
    {
        if (!preserveDefault)
        {
            foreach (var present in host.BridgeVlans.List(port))
                host.BridgeVlans.Delete(port, present.Vid);
        }

        if (vlan != 0)
            host.BridgeVlans.Add(port, vlan, BridgeVlanFlags.Pvid | BridgeVlanFlags.Untagged);
        AddTagged(host, port, trunk, untagged: vlan);
        // The reference gives a trunk without a VLAN of its own the default one back.
        if (vlan == 0 && trunk.Count > 0)
            host.BridgeVlans.Add(port, DefaultVlan, BridgeVlanFlags.Pvid | BridgeVlanFlags.Untagged);
    }

    // A request per range; without the untagged one, which the kernel would make a tagged one of.
    private static void AddTagged(RouteClient host, int port, IReadOnlyList<int> trunk, int untagged)
    {
        var (first, last) = (0, 0);
        foreach (var vlan in trunk)
        {
            if (vlan == untagged)
                continue;
            if (first != 0 && vlan != last + 1)
            {
                host.BridgeVlans.AddRange(port, first, last);
                first = 0;
            }

            first = first == 0 ? vlan : first;
            last = vlan;
        }

        if (first != 0)
            host.BridgeVlans.AddRange(port, first, last);
    }

    /// <summary>Waits until the kernel says that the port forwards: both ends are up.</summary>
    public static void WaitUntilUp(RouteClient host, Link port)
    {
        var state = host.Links.Get(port.Index).OperState;
        if (state == OperState.Up)
            return;
        using var monitor = RouteMonitor.Open(RouteMonitorGroups.Link);
        // It asks again first: the port may have come up before the monitor listened.
        if (monitor.WaitForLink(host, port.Index, link => (state = link.OperState) == OperState.Up, CarrierTimeout))
            return;
        throw new CniException(
            CniErrorCode.TryAgainLater,
            $"bridge port in error state: {state.Text()}",
            $"{port.Name} did not come up within {CarrierTimeout.TotalSeconds} s: is the container's end up and the bridge not down?");
    }
}
