using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;

namespace Plugboard.Coordinator.Routes;

/// <summary>What a node's own tunnel must be: pure.</summary>
internal static class Tunnels
{
    // What vxlan adds: Ethernet 14, vxlan 8, UDP 8, and IPv4 20 or IPv6 40. The kernel refuses more on an IPv6 tunnel (drivers/net/vxlan, vxlan_headroom).
    private const int VxlanOver4 = 50;
    private const int VxlanOver6 = 70;
    private const int IpipHeader = 20;

    // The least that IPv4 (RFC 791, and what the kernel takes for a link) and IPv6 (RFC 8200) can work with.
    private const int LeastMtu4 = 68;
    private const int LeastMtu6 = 1280;

    /// <summary>flannel's word for a backend.</summary>
    public static string WordOf(BackendType type) => type switch
    {
        BackendType.HostGw => "host-gw",
        BackendType.Vxlan => "vxlan",
        BackendType.Ipip => "ipip",
        _ => "alloc",
    };

    /// <summary>IPv4 or IPv6.</summary>
    public static string FamilyWord(bool is6) => is6 ? "IPv6" : "IPv4";

    /// <summary>The largest packet that a pod of a family can send to another node's without it being cut: the tunnel's MTU, or the link's.</summary>
    public static int PodMtu(NetConf network, UplinkLink uplink, bool is6)
    {
        var below = network.Backend.Mtu > 0 ? network.Backend.Mtu : uplink.Mtu;
        return network.Backend.Type switch
        {
            BackendType.Vxlan => below - (is6 ? VxlanOver6 : VxlanOver4),
            BackendType.Ipip when !is6 => below - IpipHeader,
            _ => uplink.Mtu,
        };
    }

    /// <summary>This node's tunnel of a family; null: the backend has none, or it cannot be (a problem is added).</summary>
    public static DesiredTunnel? Plan(ClusterView view, bool is6, List<string> problems)
    {
        var backend = view.Network.Backend;
        if (backend.Type is not (BackendType.Vxlan or BackendType.Ipip) || view.Self.PodCidr(is6) is not { } own)
            return null;
        if (backend.Type == BackendType.Ipip && is6)
        {
            problems.Add("IPv6: ipip carries only IPv4; use vxlan for both families, or host-gw");
            return null;
        }

        var mtu = PodMtu(view.Network, view.Self.Uplink!, is6);
        if (mtu < (is6 ? LeastMtu6 : LeastMtu4))
        {
            problems.Add($"{FamilyWord(is6)}: {view.Self.Uplink!.Name} has MTU {view.Self.Uplink.Mtu}, which leaves {mtu} inside the tunnel, too little; raise it");
            return null;
        }

        return new DesiredTunnel
        {
            Name = backend.Type == BackendType.Ipip ? "flannel.ipip" : $"{(is6 ? "flannel-v6" : "flannel")}.{backend.Vni}",
            Is6 = is6,
            Local = view.Self.Address(is6)!.Value.Address,
            Uplink = view.Self.Uplink!,
            Mtu = mtu,
            Address = IPPrefix.Host(own.Network.Address),
            Vxlan = backend.Type == BackendType.Vxlan ? PlanVxlan(view.Self, backend, is6) : null,
        };
    }

    private static DesiredVxlan PlanVxlan(LocalNode self, BackendConf backend, bool is6)
    {
        // What the others were told stays as long as it can: they need not hear of another.
        var told = is6 ? self.Vtep6 : self.Vtep4;
        var mac = told is { Mac: { IsZero: false, IsMulticast: false } } && told.Vni == backend.Vni ? told.Mac : VtepMac.From(self.Identity, backend.Vni, is6);
        return new DesiredVxlan(backend.Vni, backend.Port == 0 ? DesiredVxlan.KernelPort : backend.Port, mac, backend.Learning, backend.Gbp);
    }
}
