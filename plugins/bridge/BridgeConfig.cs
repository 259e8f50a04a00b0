using Plugboard.Addresses;
using Plugboard.Firewall;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>The keys of a bridge config, read and validated. Pure.</summary>
internal sealed record BridgeConfig
{
    /// <summary>The bridge device's name.</summary>
    public string Bridge { get; private init; } = "cni0";

    /// <summary>The bridge has the gateway's address, and the host forwards. Implied by <see cref="IsDefaultGateway"/>.</summary>
    public bool IsGateway { get; private init; }

    /// <summary>The pod's default route leads to the gateway.</summary>
    public bool IsDefaultGateway { get; private init; }

    /// <summary>A conflicting address of the bridge is replaced.</summary>
    public bool ForceAddress { get; private init; }

    /// <summary>Bytes, for the bridge when it is created and both veth ends; 0: the kernel's default.</summary>
    public int Mtu { get; private init; }

    /// <summary>The port sends frames back where they came from.</summary>
    public bool HairpinMode { get; private init; }

    /// <summary>The bridge itself is promiscuous.</summary>
    public bool PromiscMode { get; private init; }

    /// <summary>The port's untagged VLAN; 0: none.</summary>
    public int Vlan { get; private init; }

    /// <summary>The port's tagged VLANs, ascending.</summary>
    public IReadOnlyList<int> VlanTrunk { get; private init; } = [];

    /// <summary>The VLANs that the kernel gives a new port stay.</summary>
    public bool PreserveDefaultVlan { get; private init; }

    /// <summary>IPv6 duplicate address detection runs and is waited for.</summary>
    public bool EnableDad { get; private init; }

    /// <summary>The container's end stays down; only without IPAM.</summary>
    public bool DisableContainerInterface { get; private init; }

    /// <summary>The port speaks only to ports that are not isolated.</summary>
    public bool PortIsolation { get; private init; }

    /// <summary>The container end's hardware address; null: the kernel's choice.</summary>
    public MacAddress? Mac { get; private init; }

    /// <summary>What pods send beyond their network leaves with the node's address; only with IPAM.</summary>
    public bool IpMasq { get; private init; }

    /// <summary>What masquerades; null: what the kernel can.</summary>
    public FirewallBackend? IpMasqBackend { get; private init; }

    /// <summary>The port takes no frame with another hardware address than the container's.</summary>
    public bool MacSpoofCheck { get; private init; }

    /// <summary>The rules that a pod gets.</summary>
    public WantedTraffic Traffic => new(IpMasq && IsLayer3, IpMasqBackend, MacSpoofCheck);

    /// <summary>The IPAM plugin; empty: layer 2 only.</summary>
    public string IpamType { get; private init; } = "";

    /// <summary>
    /// The pod's addresses are chosen, by a person or by an IPAM plugin of any kind, and may be those of an earlier pod. <c>host-local</c>
    /// without a request leases the next address of a range, and reuses one only after all others.
    /// </summary>
    public bool IsAddressChosen { get; private init; }

    /// <summary>Replaces the IPAM's name resolution; null: does not.</summary>
    public CniDns? Dns { get; private init; }

    /// <summary>True where pods get addresses.</summary>
    public bool IsLayer3 => IpamType.Length > 0;

    /// <summary>True where a bridge that is created filters VLANs.</summary>
    public bool VlanFiltering => Vlan != 0 || VlanTrunk.Count > 0;

    /// <summary>Reads the config of an ADD or CHECK; what is wrong is a <see cref="CniException"/>.</summary>
    public static BridgeConfig Parse(CniRequest request)
    {
        var node = request.Config;
        var isDefaultGateway = node.GetBool("isDefaultGateway");
        var config = new BridgeConfig
        {
            Bridge = ReadBridgeName(node),
            IsGateway = node.GetBool("isGateway") || isDefaultGateway,
            IsDefaultGateway = isDefaultGateway,
            ForceAddress = node.GetBool("forceAddress"),
            Mtu = InterfaceKeys.ReadMtu(node, "a veth interface"),
            HairpinMode = node.GetBool("hairpinMode"),
            PromiscMode = node.GetBool("promiscMode"),
            Vlan = ReadVlan(node),
            VlanTrunk = TrunkVlans.Parse(node),
            PreserveDefaultVlan = node.GetBool("preserveDefaultVlan"),
            EnableDad = node.GetBool("enabledad"),
            DisableContainerInterface = node.GetBool("disableContainerInterface"),
            PortIsolation = node.GetBool("portIsolation"),
            Mac = InterfaceKeys.ReadMac(request, hasKey: false),
            IpMasq = node.GetBool("ipMasq"),
            IpMasqBackend = WantedTraffic.ReadBackend(node),
            MacSpoofCheck = node.GetBool("macspoofchk"),
            IpamType = InterfaceKeys.ReadIpamType(node),
            IsAddressChosen = InterfaceKeys.ReadIpamType(node) != "host-local" || InterfaceKeys.AsksForAddress(request),
            Dns = InterfaceKeys.ReadDns(node),
        };
        config.RefuseContradictions();
        SmallMtu.RefuseWithIPv6Ranges(config.Mtu, node);
        return config;
    }

    /// <summary>The facts that DEL and GC need, as far as a config that may be invalid has them.</summary>
    public static BridgeConfig ParseLeniently(CniRequest request)
    {
        var node = request.Config;
        return new BridgeConfig
        {
            Bridge = InterfaceKeys.Leniently(node, ReadBridgeName, "cni0"),
            IpMasq = InterfaceKeys.Leniently(node, static config => config.GetBool("ipMasq"), true),
            MacSpoofCheck = InterfaceKeys.Leniently(node, static config => config.GetBool("macspoofchk"), true),
            IpamType = InterfaceKeys.ReadIpamTypeLeniently(node),
        };
    }

    /// <summary>All that is wrong with a config, a sentence each.</summary>
    public static IReadOnlyList<string> Validate(CniRequest request)
    {
        var problems = new List<string>();
        var node = request.Config;
        problems.Try("ipMasqBackend", () => WantedTraffic.ReadBackend(node));
        problems.Try("bridge", () => ReadBridgeName(node));
        foreach (var key in Flags)
            problems.Try(key, () => node.GetBool(key));
        problems.Try("mtu", () => InterfaceKeys.ReadMtu(node, "a veth interface"));
        problems.Try("vlan", () => ReadVlan(node));
        problems.Try("vlanTrunk", () => TrunkVlans.Parse(node));
        foreach (var entry in node.FindItems("vlanTrunk"))
            problems.AddUnknownIn(entry, "a vlanTrunk entry", "id", "minID", "maxID");
        problems.Try("mac", () => InterfaceKeys.ReadMac(request, hasKey: false));
        problems.Try("ipam", () => InterfaceKeys.ReadIpamType(node));
        problems.Try("dns", () => InterfaceKeys.ReadDns(node));
        problems.AddUnknownOfDns(node);
        // minikube's and kubenet's configs have "addIf", which no plugin ever read: it is no typing error.
        problems.AddUnknown(node, [.. Keys, "addIf"], "is not a key of bridge and has no effect");
        if (problems.Count == 0)
            problems.Try("disableContainerInterface", () => Parse(request));
        return problems;
    }

    private static readonly string[] Flags =
    [
        "isGateway",
        "isDefaultGateway",
        "forceAddress",
        "hairpinMode",
        "promiscMode",
        "preserveDefaultVlan",
        "enabledad",
        "disableContainerInterface",
        "portIsolation",
        "ipMasq",
        "macspoofchk",
    ];

    private static readonly string[] Keys = [.. Flags, "ipam", "dns", "bridge", "mtu", "vlan", "vlanTrunk", "ipMasqBackend"];

    private static string ReadBridgeName(ConfigNode node)
    {
        var name = node.GetString("bridge") is { Length: > 0 } given ? given : "cni0";
        return InterfaceName.FindFault(name) is not { } fault
            ? name
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"invalid bridge name \"{name}\"",
                $"the name of bridge {fault}: it wants a device name of 1 to {InterfaceName.MaxBytes} bytes "
                    + "without slash, colon, percent sign, blank or control character"
            );
    }

    private static int ReadVlan(ConfigNode node)
    {
        var vlan = node.FindInt("vlan") ?? 0;
        return vlan is >= 0 and <= 4094
            ? vlan
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"invalid VLAN ID {vlan} (must be between 0 and 4094)",
                "correct vlan in the network config"
            );
    }

    private void RefuseContradictions()
    {
        if (HairpinMode && PromiscMode)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                "cannot set hairpin mode and promiscuous mode at the same time",
                "remove hairpinMode or promiscMode from the network config"
            );
        }

        if (DisableContainerInterface && IsLayer3)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                "cannot use IPAM when DisableContainerInterface flag is set",
                "remove ipam or disableContainerInterface from the network config"
            );
        }

        if (IsGateway && IsLayer3 && Vlan != 0)
            VlanGateway.RequireName(this);
    }
}
