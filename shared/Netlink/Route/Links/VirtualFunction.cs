using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Plugboard.Addresses;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Netlink.Route.Uapi.IfLinkH;

namespace Plugboard.Netlink.Route.Links;

/// <summary>
/// A virtual function (SR-IOV) as its physical function's driver reports it. Source: include/uapi/linux/if_link.h, IFLA_VF_*; ip-link(8).
/// </summary>
public sealed record VirtualFunction
{
    /// <summary>Its number, from 0: <c>virtfnN</c> below /sys/bus/pci/devices.</summary>
    public required int Number { get; init; }

    /// <summary>The address that the host has set for it; zero or null for none.</summary>
    public MacAddress? Mac { get; init; }

    /// <summary>The tag that the card adds and removes; its id is 0 for none.</summary>
    public VfVlan Vlan { get; init; } = VfVlan.None;

    /// <summary>The least rate of sending that it is guaranteed, in Mbit/s; 0 for none.</summary>
    public int MinTxRate { get; init; }

    /// <summary>The greatest rate of sending, in Mbit/s; 0 for no limit.</summary>
    public int MaxTxRate { get; init; }

    /// <summary>Whether frames with another source address are dropped; null where the driver has no such setting.</summary>
    public bool? SpoofCheck { get; init; }

    /// <summary>Whether it may change its address and become promiscuous; null where the driver has no such setting.</summary>
    public bool? Trust { get; init; }

    /// <summary>The carrier that it sees; null where the driver does not say.</summary>
    public VfLinkState? LinkState { get; init; }

    internal static List<VirtualFunction> ReadList(AttributeReader list)
    {
        var functions = new List<VirtualFunction>();
        while (list.Read())
        {
            if (list.Type == IFLA_VF_INFO)
                functions.Add(Read(list.Nested()));
        }

        return functions;
    }

    // A newer kernel's structures may be longer.
    private static VirtualFunction Read(AttributeReader info)
    {
        var function = new VirtualFunction { Number = -1 };
        while (info.Read())
        {
            switch (info.Type)
            {
                case IFLA_VF_MAC:
                    var mac = info.Struct<IflaVfMac>();
                    function = function with { Number = (int)mac.vf, Mac = MacAddress.FromBytes(((ReadOnlySpan<byte>)mac.mac)[..6]) };
                    break;
                case IFLA_VF_VLAN_LIST:
                    function = function with { Vlan = ReadVlan(info.Nested()) };
                    break;
                case IFLA_VF_RATE:
                    var rate = info.Struct<IflaVfRate>();
                    function = function with { MinTxRate = (int)rate.min_tx_rate, MaxTxRate = (int)rate.max_tx_rate };
                    break;
                case IFLA_VF_SPOOFCHK:
                    function = function with { SpoofCheck = ReadFlag(info.Struct<IflaVfSpoofchk>().setting) };
                    break;
                case IFLA_VF_TRUST:
                    function = function with { Trust = ReadFlag(info.Struct<IflaVfTrust>().setting) };
                    break;
                case IFLA_VF_LINK_STATE:
                    function = function with { LinkState = (VfLinkState)info.Struct<IflaVfLinkState>().link_state };
                    break;
            }
        }

        return function;
    }

    private static VfVlan ReadVlan(AttributeReader list)
    {
        var vlan = VfVlan.None;
        while (list.Read())
        {
            if (list.Type != IFLA_VF_VLAN_INFO)
                continue;
            var info = list.Struct<IflaVfVlanInfo>();
            var protocol = BinaryPrimitives.ReverseEndianness(info.vlan_proto);
            vlan = new VfVlan((int)info.vlan, (int)info.qos, (VlanProtocol)protocol);
        }

        return vlan;
    }

    private static bool? ReadFlag(uint setting) => setting == uint.MaxValue ? null : setting != 0;
}

/// <summary>The VLAN of a virtual function.</summary>
/// <param name="Id">1 to 4094; 0 for none.</param>
/// <param name="Qos">The priority in the tag, 0 to 7.</param>
/// <param name="Protocol">The tag's kind.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct VfVlan(int Id, int Qos, VlanProtocol Protocol)
{
    /// <summary>No VLAN.</summary>
    public static readonly VfVlan None = new(0, 0, VlanProtocol.Ieee8021Q);
}

/// <summary>The kinds of VLAN tags; the values are those of the frame. Source: include/uapi/linux/if_ether.h.</summary>
public enum VlanProtocol : ushort
{
    /// <summary>802.1Q, a customer's tag.</summary>
    Ieee8021Q = 0x8100,

    /// <summary>802.1ad, a provider's tag.</summary>
    Ieee8021AD = 0x88a8,
}

/// <summary>The carrier that a virtual function sees. The values are the kernel's. Source: include/uapi/linux/if_link.h.</summary>
public enum VfLinkState
{
    /// <summary>The physical function's.</summary>
    Auto = 0,

    /// <summary>Always there: functions of a card reach each other without a cable.</summary>
    Enable = 1,

    /// <summary>Never there.</summary>
    Disable = 2,
}
