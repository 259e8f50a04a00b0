using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Netlink.Route.Uapi;
using static Plugboard.Netlink.Route.Uapi.IfLinkH;

namespace Plugboard.Netlink.Route.Links;

/// <summary>RTM_NEWLINK to <see cref="Link"/>: the attributes are gathered here, the record is made once.</summary>
internal ref struct LinkReader
{
    private string name = "";
    private string alias = "";
    private int mtu;
    private int txQueueLength;
    private int master;
    private int peer;
    private int promiscuity;
    private int? linkNetNsId;
    private OperState operState;
    private MacAddress? address;
    private string kind = "";
    private string slaveKind = "";
    private AttributeReader data;
    private AttributeReader slaveData;
    private bool? vlanFiltering;
    private int? vlanId;
    private int? vrfTable;
    private MacvlanMode? macvlan;
    private IpvlanMode? ipvlan;
    private VxlanInfo? vxlan;
    private IpipInfo? ipip;
    private BridgePort? port;
    private LinkIPv6? ipv6;
    private int tag;
    private MacAddress? permanent;
    private string parentName = "";
    private string parentBus = "";
    private List<string>? alternatives;
    private List<VirtualFunction>? functions;

    public LinkReader() { }

    public static Link Read(NetlinkMessage message)
    {
        var header = message.Header<IfInfoMsg>();
        var reader = new LinkReader();
        var attributes = message.Attributes<IfInfoMsg>();
        while (attributes.Read())
        {
            // In a bridge's own messages (AF_BRIDGE) the same number is another thing.
            if (attributes.Type == IFLA_AF_SPEC && header.ifi_family == SocketH.AF_UNSPEC)
                reader.GatherFamilies(attributes.Nested());
            else
                reader.Gather(attributes);
        }

        reader.ReadData();
        return reader.ToLink(header);
    }

    /// <summary>The index alone, without an allocation: to decide whether a notification matters.</summary>
    public static int ReadIndex(NetlinkMessage message) => message.Header<IfInfoMsg>().ifi_index;

    private void Gather(AttributeReader attribute)
    {
        switch (attribute.Type)
        {
            case IFLA_IFNAME:
                name = attribute.String();
                break;
            case IFLA_ADDRESS:
                address = attribute.Mac();
                break;
            case IFLA_MTU:
                mtu = attribute.Int32();
                break;
            case IFLA_TXQLEN:
                txQueueLength = attribute.Int32();
                break;
            case IFLA_LINK:
                peer = attribute.Int32();
                break;
            case IFLA_MASTER:
                master = attribute.Int32();
                break;
            case IFLA_OPERSTATE:
                operState = (OperState)attribute.UInt8();
                break;
            case IFLA_PROMISCUITY:
                promiscuity = attribute.Int32();
                break;
            case IFLA_LINK_NETNSID:
                linkNetNsId = attribute.Int32();
                break;
            case IFLA_IFALIAS:
                alias = attribute.String();
                break;
            case IFLA_LINKINFO:
                GatherInfo(attribute.Nested());
                break;
            case IFLA_PERM_ADDRESS:
                permanent = attribute.Mac();
                break;
            case IFLA_PARENT_DEV_NAME:
                parentName = attribute.String();
                break;
            case IFLA_PARENT_DEV_BUS_NAME:
                parentBus = attribute.String();
                break;
            case IFLA_PROP_LIST:
                GatherNames(attribute.Nested());
                break;
            case IFLA_VFINFO_LIST:
                functions = VirtualFunction.ReadList(attribute.Nested());
                break;
        }
    }

    private void GatherFamilies(AttributeReader families)
    {
        while (families.Read())
        {
            var settings = families.Nested();
            while (settings.Read())
            {
                if (families.Type == SocketH.AF_INET6 && settings.Type == IFLA_INET6_CONF)
                    ipv6 = LinkIPv6.Read(settings.Value);
                else if (families.Type == SocketH.AF_INET && settings.Type == IFLA_INET_CONF)
                    tag = LinkIPv6.At(settings.Value, IpH.IPV4_DEVCONF_TAG - 1);
            }
        }
    }

    private void GatherNames(AttributeReader properties)
    {
        while (properties.Read())
        {
            if (properties.Type == IFLA_ALT_IFNAME)
                (alternatives ??= []).Add(properties.String());
        }
    }

    private void GatherInfo(AttributeReader info)
    {
        while (info.Read())
        {
            if (info.Type == IFLA_INFO_KIND)
                kind = info.String();
            else if (info.Type == IFLA_INFO_DATA)
                data = info.Nested();
            else if (info.Type == IFLA_INFO_SLAVE_KIND)
                slaveKind = info.String();
            else if (info.Type == IFLA_INFO_SLAVE_DATA)
                slaveData = info.Nested();
        }
    }

    private void ReadData()
    {
        if (kind == "bridge")
            vlanFiltering = ReadVlanFiltering(data);
        else if (kind == "vlan")
            vlanId = ReadNumber(data, IFLA_VLAN_ID);
        else if (kind == "vrf")
            vrfTable = ReadNumber(data, IFLA_VRF_TABLE);
        else if (kind == "macvlan")
            macvlan = (MacvlanMode?)ReadNumber(data, IFLA_MACVLAN_MODE);
        else if (kind == "ipvlan")
            ipvlan = (IpvlanMode?)ReadNumber(data, IFLA_IPVLAN_MODE);
        else if (kind == "vxlan")
            vxlan = TunnelReader.ReadVxlan(data);
        else if (kind == "ipip")
            ipip = TunnelReader.ReadIpip(data);
        if (slaveKind == "bridge")
            port = ReadPort(slaveData);
    }

    private static bool? ReadVlanFiltering(AttributeReader data)
    {
        bool? filtering = null;
        while (data.Read())
        {
            if (data.Type == IFLA_BR_VLAN_FILTERING)
                filtering = data.UInt8() != 0;
        }

        return filtering;
    }

    // Of 16 or of 32 bits.
    private static int? ReadNumber(AttributeReader data, ushort type)
    {
        int? number = null;
        while (data.Read())
        {
            if (data.Type == type)
                number = data.Value.Length == sizeof(ushort) ? data.UInt16() : data.Int32();
        }

        return number;
    }

    private static BridgePort ReadPort(AttributeReader data)
    {
        var state = BridgePortState.Disabled;
        var hairpin = false;
        var isolated = false;
        while (data.Read())
        {
            if (data.Type == IFLA_BRPORT_STATE)
                state = (BridgePortState)data.UInt8();
            else if (data.Type == IFLA_BRPORT_MODE)
                hairpin = data.UInt8() != 0;
            else if (data.Type == IFLA_BRPORT_ISOLATED)
                isolated = data.UInt8() != 0;
        }

        return new BridgePort(state, hairpin, isolated);
    }

    private readonly Link ToLink(IfInfoMsg header) =>
        new()
        {
            Index = header.ifi_index,
            Name = name,
            Kind = kind,
            HardwareType = header.ifi_type,
            Flags = (LinkFlags)header.ifi_flags,
            Mtu = mtu,
            TxQueueLength = txQueueLength,
            Address = address,
            OperState = operState,
            MasterIndex = master,
            PeerIndex = peer,
            LinkNetNsId = linkNetNsId,
            Promiscuity = promiscuity,
            Alias = alias,
            VlanFiltering = vlanFiltering,
            VlanId = vlanId,
            VrfTable = vrfTable,
            Macvlan = macvlan,
            Ipvlan = ipvlan,
            Vxlan = vxlan,
            Ipip = ipip,
            Port = port,
            IPv6 = ipv6,
            Tag = tag,
            PermanentAddress = permanent,
            ParentDevice = parentName.Length > 0 ? $"{parentBus}/{parentName}" : "",
            AlternativeNames = alternatives?.ToValueArray() ?? [],
            VirtualFunctions = functions?.ToValueArray() ?? [],
        };
}
