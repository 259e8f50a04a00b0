using System.Buffers.Binary;
using Plugboard.Addresses;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Netlink.Route.Uapi.IfLinkH;

namespace Plugboard.Netlink.Route.Links;

/// <summary>
/// What to change of a virtual function; null leaves as it is. The kernel hands the settings to the driver one by one, and stops at the
/// first that it refuses: those before stay changed (net/core/rtnetlink.c, do_setvfinfo).
/// </summary>
/// <param name="Number">The function's number, from 0.</param>
public sealed record VfChange(int Number)
{
    /// <summary>The address that the function's own driver gets; zero takes it back.</summary>
    public MacAddress? Mac { get; init; }

    /// <summary>The VLAN; id 0 takes it out. 802.1ad needs Linux 4.9 and a driver that knows it (EPROTONOSUPPORT).</summary>
    public VfVlan? Vlan { get; init; }

    /// <summary>The least and the greatest rate of sending in Mbit/s, 0 for none; a driver may refuse one of them (EINVAL).</summary>
    public (int Min, int Max)? Rates { get; init; }

    /// <summary>Whether frames with another source address are dropped.</summary>
    public bool? SpoofCheck { get; init; }

    /// <summary>Whether it may change its address and become promiscuous.</summary>
    public bool? Trust { get; init; }

    /// <summary>The carrier that it sees; many drivers have none to choose (EOPNOTSUPP).</summary>
    public VfLinkState? LinkState { get; init; }

    internal void Write(NetlinkWriter writer)
    {
        var vf = (uint)Number;
        if (Mac is { } mac)
        {
            var value = new IflaVfMac { vf = vf };
            mac.WriteBytes(value.mac);
            Write(writer, IFLA_VF_MAC, value);
        }

        if (Vlan is { } vlan)
            WriteVlan(writer, vlan);
        if (Rates is var (min, max))
        {
            var value = new IflaVfRate
            {
                vf = vf,
                min_tx_rate = (uint)min,
                max_tx_rate = (uint)max,
            };
            Write(writer, IFLA_VF_RATE, value);
        }

        if (SpoofCheck is { } check)
            Write(writer, IFLA_VF_SPOOFCHK, new IflaVfSpoofchk { vf = vf, setting = check ? 1u : 0u });
        if (LinkState is { } state)
            Write(writer, IFLA_VF_LINK_STATE, new IflaVfLinkState { vf = vf, link_state = (uint)state });
        if (Trust is { } trust)
            Write(writer, IFLA_VF_TRUST, new IflaVfTrust { vf = vf, setting = trust ? 1u : 0u });
    }

    private void WriteVlan(NetlinkWriter writer, VfVlan vlan)
    {
        using var list = writer.Nested(IFLA_VF_VLAN_LIST);
        var value = new IflaVfVlanInfo
        {
            vf = (uint)Number,
            vlan = (uint)vlan.Id,
            qos = (uint)vlan.Qos,
            vlan_proto = BinaryPrimitives.ReverseEndianness((ushort)vlan.Protocol),
        };
        Write(writer, IFLA_VF_VLAN_INFO, value);
    }

    private static void Write<T>(NetlinkWriter writer, ushort type, in T value)
        where T : unmanaged => writer.WriteBytes(type, System.Runtime.InteropServices.MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));
}
