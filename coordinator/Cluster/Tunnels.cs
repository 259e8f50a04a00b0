using Plugboard.Addresses;
using Plugboard.Coordinator.Configuration;
using Plugboard.Netlink.Route.Links;

namespace Plugboard.Coordinator.Cluster;

/// <summary>What a node's own tunnel must be: pure.</summary>
internal static class Tunnels
{
    // What vxlan adds: Ethernet 14, vxlan 8, UDP 8, and IPv4 20 or IPv6 40. The kernel refuses more on an IPv6 tunnel (drivers/net/vxlan,
    // vxlan_headroom).
    private const int VxlanOver4 = 50;
    private const int VxlanOver6 = 70;
    private const int IpipHeader = 20;

    // The least that IPv4 (RFC 791, and what the kernel takes for a link) and IPv6 (RFC 8200) can work with.
    private const int LeastMtu4 = 68;
    private const int LeastMtu6 = 1280;

    /// <summary>flannel's word for a backend.</summary>
    public static string WordOf(BackendType type) =>
        type switch
        {
            BackendType.HostGw => "host-gw",
            BackendType.Vxlan => "vxlan",
            BackendType.Ipip => "ipip",
            _ => "alloc",
        };

    /// <summary>IPv4 or IPv6.</summary>
    public static string FamilyWord(bool is6) => is6 ? "IPv6" : "IPv4";

    /// <summary>What vxlan adds to a packet, where the tunnel goes by a family.</summary>
    public static int VxlanOverhead(bool is6) => is6 ? VxlanOver6 : VxlanOver4;

    /// <summary>
    /// The largest packet that a pod of a family can send to another node's without it being cut: the tunnel's MTU, or the link's.
    /// </summary>
    public static int PodMtu(NetConf network, UplinkLink uplink, bool is6)
    {
        var below = network.Backend.Mtu > 0 ? network.Backend.Mtu : uplink.Mtu;
        return network.Backend.Type switch
        {
            BackendType.Vxlan => below - VxlanOverhead(is6),
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
            problems.Add(
                $"{FamilyWord(is6)}: {view.Self.Uplink!.Name} has MTU {view.Self.Uplink.Mtu}, which leaves {mtu} inside the tunnel, "
                    + "too little; raise it"
            );
            return null;
        }

        return new DesiredTunnel
        {
            Name = NameOf(backend, is6),
            Is6 = is6,
            Local = view.Self.Address(is6)!.Value.Address,
            Uplink = view.Self.Uplink!,
            Mtu = mtu,
            Address = IPPrefix.Host(own.Network.Address),
            Vxlan = backend.Type == BackendType.Vxlan ? PlanVxlan(view, is6) : null,
        };
    }

    private static string NameOf(BackendConf backend, bool is6) =>
        backend.Type == BackendType.Ipip ? "flannel.ipip" : $"{(is6 ? "flannel-v6" : "flannel")}.{backend.Vni}";

    /// <summary>The end of an existing vxlan tunnel of this name, of any author; null if absent or of another network.</summary>
    public static VtepData? FindPresent(IReadOnlyDictionary<string, Link> links, BackendConf backend, bool is6) =>
        backend.Type == BackendType.Vxlan
        && links.TryGetValue(NameOf(backend, is6), out var link)
        && link.Vxlan?.Vni == backend.Vni
        && link.Address is { } mac
            ? new VtepData(backend.Vni, mac)
            : null;

    /// <summary>
    /// The present or future end of this node's tunnel of a family. It is known before the node has pods, so that other nodes never see an
    /// advertisement without it. Null if the backend has no such tunnels, or the node no address.
    /// </summary>
    public static VtepData? EndOf(ClusterView view, bool is6) =>
        view.Network.Enables(is6) && view.Self.Address(is6) is not null && MacOf(view.Network.Backend, view.Self, is6) is { } mac
            ? new VtepData(view.Network.Backend.Vni, mac)
            : null;

    /// <summary>The hardware address of this node's tunnel of a family; null: the backend has no such tunnels.</summary>
    public static MacAddress? MacOf(BackendConf backend, LocalNode self, bool is6)
    {
        if (backend.Type != BackendType.Vxlan)
            return null;
        // An advertised address stays as long as it can, so that the other nodes need not change it.
        var told = is6 ? self.Vtep6 : self.Vtep4;
        return told is { Mac: { IsZero: false, IsMulticast: false } } && (told.Vni == 0 || told.Vni == backend.Vni)
            ? told.Mac
            : VtepMac.From(self.Identity, backend.Vni, is6);
    }

    private static DesiredVxlan PlanVxlan(ClusterView view, bool is6)
    {
        var backend = view.Network.Backend;
        return new DesiredVxlan(
            backend.Vni,
            backend.Port == 0 ? DesiredVxlan.KernelPort : backend.Port,
            EndOf(view, is6)!.Mac,
            backend.Learning,
            backend.Gbp
        );
    }
}
