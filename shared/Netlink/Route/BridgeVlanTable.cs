using System.Runtime.InteropServices;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Netlink.Route.Uapi.IfBridgeH;
using static Plugboard.Netlink.Route.Uapi.RtnetlinkH;
using static Plugboard.Netlink.Uapi.NetlinkH;

namespace Plugboard.Netlink.Route;

/// <summary>
/// The VLANs of a namespace's bridges and their ports, where the kernel has CONFIG_BRIDGE_VLAN_FILTERING. Every refusal is a
/// <see cref="NetlinkException"/>. Source: bridge(8), bridge vlan; include/uapi/linux/if_bridge.h.
/// </summary>
public sealed class BridgeVlanTable
{
    private readonly NetlinkSocket socket;

    internal BridgeVlanTable(NetlinkSocket socket) => this.socket = socket;

    /// <summary>
    /// A port's VLANs (or a bridge's own), each by itself, ascending; empty for what is no port. The kernel sends every port's.
    /// </summary>
    /// <param name="index">The link's index.</param>
    public IReadOnlyList<BridgeVlan> List(int index)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP))
        {
            request.WriteStruct(new IfInfoMsg { ifi_family = SocketH.AF_BRIDGE });
            request.WriteUInt32(IfLinkH.IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN);
        }

        var found = socket.Dump(request, () => $"VLANs of {LinkTable.Subject(index)}", message => Read(message, index));
        return found.Count == 0 ? [] : found[0];
    }

    /// <summary>Adds a VLAN, or changes its flags.</summary>
    /// <param name="index">The port's index, or the bridge's own.</param>
    /// <param name="vid">1 to 4094.</param>
    /// <param name="flags">How it is treated.</param>
    /// <exception cref="NetlinkException">EOPNOTSUPP: no port of a bridge, or the kernel cannot; EINVAL: no such VLAN number.</exception>
    public void Add(int index, int vid, BridgeVlanFlags flags = BridgeVlanFlags.None) => AddRange(index, vid, vid, flags);

    /// <summary>
    /// Adds all VLANs from <paramref name="first"/> to <paramref name="last"/>; a range of several cannot be
    /// <see cref="BridgeVlanFlags.Pvid"/>.
    /// </summary>
    /// <exception cref="NetlinkException">EOPNOTSUPP: no port of a bridge, or the kernel cannot; EINVAL: no such range.</exception>
    public void AddRange(int index, int first, int last, BridgeVlanFlags flags = BridgeVlanFlags.None)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_SETLINK, NLM_F_REQUEST | NLM_F_ACK))
            Write(request, index, first, last, (ushort)flags);
        socket.Execute(request, () => Subject(index, first, last));
    }

    /// <summary>Removes a VLAN.</summary>
    /// <exception cref="NetlinkException">EOPNOTSUPP: no port of a bridge, or the kernel cannot; ENOENT: the port does not have
    /// it.</exception>
    public void Delete(int index, int vid)
    {
        var request = socket.NewRequest();
        using (request.Message(RTM_DELLINK, NLM_F_REQUEST | NLM_F_ACK))
            Write(request, index, vid, vid, 0);
        socket.Execute(request, () => Subject(index, vid, vid));
    }

    // The VLANs of a port are the bridge's business (MASTER, the default); those of a bridge itself need SELF, which a port has no method
    // for.
    private static void Write(NetlinkWriter request, int index, int first, int last, ushort flags)
    {
        request.WriteStruct(new IfInfoMsg { ifi_family = SocketH.AF_BRIDGE, ifi_index = index });
        using var spec = request.Nested(IfLinkH.IFLA_AF_SPEC);
        if (first == last)
        {
            WriteInfo(request, first, flags);
            return;
        }

        WriteInfo(request, first, (ushort)(flags | BRIDGE_VLAN_INFO_RANGE_BEGIN));
        WriteInfo(request, last, (ushort)(flags | BRIDGE_VLAN_INFO_RANGE_END));
    }

    private static void WriteInfo(NetlinkWriter request, int vid, ushort flags)
    {
        Span<ushort> info = [flags, (ushort)vid];
        request.WriteBytes(IFLA_BRIDGE_VLAN_INFO, System.Runtime.InteropServices.MemoryMarshal.AsBytes(info));
    }

    private static List<BridgeVlan>? Read(NetlinkMessage message, int index)
    {
        if (message.Header<IfInfoMsg>().ifi_index != index)
            return null;
        List<BridgeVlan>? vlans = null;
        var attributes = message.Attributes<IfInfoMsg>();
        while (attributes.Read())
        {
            if (attributes.Type == IfLinkH.IFLA_AF_SPEC)
                ReadSpec(attributes.Nested(), vlans ??= []);
        }

        return vlans;
    }

    private static void ReadSpec(AttributeReader spec, List<BridgeVlan> vlans)
    {
        const BridgeVlanFlags known = BridgeVlanFlags.Pvid | BridgeVlanFlags.Untagged;
        var first = 0;
        while (spec.Read())
        {
            if (spec.Type != IFLA_BRIDGE_VLAN_INFO)
                continue;
            var info = spec.Struct<BridgeVlanInfo>();
            if ((info.flags & BRIDGE_VLAN_INFO_RANGE_BEGIN) != 0)
            {
                first = info.vid;
                continue;
            }

            var start = (info.flags & BRIDGE_VLAN_INFO_RANGE_END) != 0 ? first : info.vid;
            for (int vid = start; vid <= info.vid; vid++)
                vlans.Add(new BridgeVlan(vid, (BridgeVlanFlags)info.flags & known));
        }
    }

    private static string Subject(int index, int first, int last) =>
        first == last ? $"VLAN {first} of {LinkTable.Subject(index)}" : $"VLANs {first}-{last} of {LinkTable.Subject(index)}";
}

/// <summary>A VLAN of a bridge or of its port.</summary>
/// <param name="Vid">1 to 4094.</param>
/// <param name="Flags">How it is treated.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct BridgeVlan(int Vid, BridgeVlanFlags Flags);
