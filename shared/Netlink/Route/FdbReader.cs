using Plugboard.Addresses;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Netlink.Route.Uapi.NeighbourH;

namespace Plugboard.Netlink.Route;

/// <summary>
/// RTM_NEWNEIGH of AF_BRIDGE to <see cref="FdbEntry"/>: the attributes are gathered here, the record is made once.
/// </summary>
internal ref struct FdbReader
{
    private MacAddress? mac;
    private IPAddr? destination;
    private ushort port;
    private int vni;
    private int outInterface;
    private int vlan;
    private int master;

    /// <summary>Null for another family, and for a device whose addresses are not Ethernet's.</summary>
    public static FdbEntry? Read(NetlinkMessage message)
    {
        var header = message.Header<NdMsg>();
        if (header.ndm_family != SocketH.AF_BRIDGE)
            return null;
        var reader = default(FdbReader);
        var attributes = message.Attributes<NdMsg>();
        while (attributes.Read())
            reader.Gather(attributes);
        return reader.ToEntry(header);
    }

    private void Gather(AttributeReader attribute)
    {
        switch (attribute.Type)
        {
            case NDA_LLADDR:
                mac = attribute.Mac();
                break;
            case NDA_DST:
                destination = attribute.Address();
                break;
            case NDA_PORT:
                port = attribute.UInt16BigEndian();
                break;
            case NDA_VNI:
                vni = attribute.Int32();
                break;
            case NDA_IFINDEX:
                outInterface = attribute.Int32();
                break;
            case NDA_VLAN:
                vlan = attribute.UInt16();
                break;
            case NDA_MASTER:
                master = attribute.Int32();
                break;
        }
    }

    private readonly FdbEntry? ToEntry(NdMsg header) =>
        mac is not { } address
            ? null
            : new FdbEntry(header.ndm_ifindex, address, destination)
            {
                State = (NeighbourState)header.ndm_state,
                Flags = (FdbFlags)header.ndm_flags,
                Port = port,
                Vni = vni,
                OutInterface = outInterface,
                Vlan = vlan,
                MasterIndex = master,
            };
}
