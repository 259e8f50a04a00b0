using Plugboard.Linux;
using Plugboard.Netlink;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>The host's veth end as a port of the bridge.</summary>
internal static class BridgePort
{
    /// <summary>The VLAN that the kernel gives a new port.</summary>
    private const int DefaultVlan = 1;

    /// <summary>Sets what a port can be set to: owner, hairpin, isolation, VLANs.</summary>
    public static void Configure(RouteClient host, VethPair pair, BridgeConfig config)
    {
        SetUnlessWithoutIPv6(
            host,
            pair.Port,
            new LinkChange
            {
                Alias = pair.Owner.Alias,
                // The bridge speaks for its ports. An address on each, with its routes, is what every later change of a link walks through.
                LinkLocalAddress = false,
                Port = new BridgePortChange { Hairpin = config.HairpinMode, Isolated = config.PortIsolation },
            }
        );
        if (config.VlanFiltering)
            ConfigureVlans(host, host.Links.Get(pair.Port).Index, config.Vlan, config.VlanTrunk, config.PreserveDefaultVlan);
    }

    /// <summary>
    /// Sets a port's VLANs: one untagged, others tagged, and the kernel's default only if it must stay or if no other VLAN is untagged.
    /// </summary>
    public static void ConfigureVlans(RouteClient host, int port, int vlan, IReadOnlyList<int> trunk, bool preserveDefault)
    {
        try
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
        catch (NetlinkException e) when (e.Errno == Errno.EOPNOTSUPP)
        {
            throw LacksVlans(e);
        }
    }

    /// <summary>The error where the kernel's bridges know no VLANs.</summary>
    public static CniException LacksVlans(NetlinkException cause) =>
        KernelSupport.Lacks("VLANs on bridges", "a kernel with CONFIG_BRIDGE_VLAN_FILTERING", cause, "vlan and vlanTrunk");

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

    // A kernel without IPv6 gives no link such an address and does not know the word.
    private static void SetUnlessWithoutIPv6(RouteClient host, string port, LinkChange change)
    {
        try
        {
            host.Links.Set(port, change);
        }
        catch (NetlinkException e) when (e.Errno == Errno.EAFNOSUPPORT)
        {
            host.Links.Set(port, change with { LinkLocalAddress = null });
        }
    }
}
