using Plugboard.Addresses;
using Plugboard.Firewall;
using Plugboard.Hosting;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>The keys of a bridge config, read and validated. Pure.</summary>
internal sealed record BridgeConfig
{
    private const int MinMtu = 68;
    private const int MaxMtu = 65535;

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

    /// <summary>True where a pod gets rules of its own.</summary>
    public bool WantsRules => MacSpoofCheck || (IpMasq && IsLayer3);

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
            Mtu = ReadMtu(node),
            HairpinMode = node.GetBool("hairpinMode"),
            PromiscMode = node.GetBool("promiscMode"),
            Vlan = ReadVlan(node),
            VlanTrunk = TrunkVlans.Parse(node),
            PreserveDefaultVlan = node.GetBool("preserveDefaultVlan"),
            EnableDad = node.GetBool("enabledad"),
            DisableContainerInterface = node.GetBool("disableContainerInterface"),
            PortIsolation = node.GetBool("portIsolation"),
            Mac = ReadMac(request),
            IpMasq = node.GetBool("ipMasq"),
            IpMasqBackend = ReadBackend(node),
            MacSpoofCheck = node.GetBool("macspoofchk"),
            IpamType = ReadIpamType(node),
            IsAddressChosen = ReadIpamType(node) != "host-local" || AsksForAddress(request),
            Dns = ReadDns(node),
        };
        config.RefuseContradictions();
        SmallMtu.RefuseWithIPv6Ranges(config, node);
        return config;
    }

    /// <summary>The facts that DEL and GC need, as far as a config that may be invalid has them.</summary>
    public static BridgeConfig ParseLeniently(CniRequest request)
    {
        var node = request.Config;
        return new BridgeConfig
        {
            Bridge = Leniently(node, ReadBridgeName, "cni0"),
            IpMasq = Leniently(node, static config => config.GetBool("ipMasq"), true),
            MacSpoofCheck = Leniently(node, static config => config.GetBool("macspoofchk"), true),
            IpamType = Leniently(node, ReadIpamType, ""),
        };
    }

    private static T Leniently<T>(ConfigNode node, Func<ConfigNode, T> read, T otherwise)
    {
        try
        {
            return read(node);
        }
        catch (CniException)
        {
            return otherwise;
        }
    }

    /// <summary>All that is wrong with a config, a sentence each.</summary>
    public static IReadOnlyList<string> Validate(CniRequest request)
    {
        var problems = new List<string>();
        var node = request.Config;
        problems.Try("ipMasqBackend", () => ReadBackend(node));
        problems.Try("bridge", () => ReadBridgeName(node));
        foreach (var key in Flags)
            problems.Try(key, () => node.GetBool(key));
        problems.Try("mtu", () => ReadMtu(node));
        problems.Try("vlan", () => ReadVlan(node));
        problems.Try("vlanTrunk", () => TrunkVlans.Parse(node));
        problems.Try("mac", () => ReadMac(request));
        problems.Try("ipam", () => ReadIpamType(node));
        problems.Try("dns", () => ReadDns(node));
        problems.AddUnknown(node, Keys, "is not a key of bridge and has no effect");
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

    private static readonly string[] Keys =
    [
        .. Flags,
        "cniVersion",
        "name",
        "type",
        "args",
        "capabilities",
        "runtimeConfig",
        "prevResult",
        "ipam",
        "dns",
        "bridge",
        "mtu",
        "vlan",
        "vlanTrunk",
        "ipMasqBackend",
    ];

    private static FirewallBackend? ReadBackend(ConfigNode node)
    {
        var word = node.GetString("ipMasqBackend");
        return BackendWord.TryRead(word, out var backend)
            ? backend
            : throw new CniException(
                CniErrorCode.UnsupportedField,
                $"unknown ipmasq backend \"{word}\"",
                "ipMasqBackend is \"nftables\" or \"iptables\"; without it bridge chooses"
            );
    }

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

    // A veth pair takes what an Ethernet frame can be at least and at most (drivers/net/veth.c, ETH_MIN_MTU, ETH_MAX_MTU), and so does a
    // bridge.
    private static int ReadMtu(ConfigNode node)
    {
        var mtu = node.FindInt("mtu") ?? 0;
        return mtu is 0 or (>= MinMtu and <= MaxMtu)
            ? mtu
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"invalid mtu {mtu}",
                $"mtu wants {MinMtu} to {MaxMtu} bytes, which is what a veth interface takes, or 0 for the kernel's default"
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

    // The last of the three wins: what a runtime passes per pod is closer than what a config says.
    private static MacAddress? ReadMac(CniRequest request)
    {
        // IP is the delegate's: what serves the call as a whole is not unknown.
        var (text, key) = (CniArgs.Parse(request.Args, "MAC", "IP").Find("MAC") ?? "", "the MAC of CNI_ARGS");
        if (request.Config.FindObject("args")?.FindObject("cni")?.GetString("mac") is { Length: > 0 } fromArgs)
            (text, key) = (fromArgs, "args.cni.mac");
        if (request.Config.FindObject("runtimeConfig")?.GetString("mac") is { Length: > 0 } fromRuntime)
            (text, key) = (fromRuntime, "runtimeConfig.mac");
        if (text.Length == 0)
            return null;
        if (!MacAddress.TryParse(text, out var mac))
            throw InvalidMac(text, $"{key} wants six bytes, such as 02:00:00:00:00:01");
        if (mac.IsMulticast)
        {
            throw InvalidMac(
                text,
                $"{key} has the group bit: it stands for several interfaces. The first byte of one interface's address is even, such as 02"
            );
        }

        return mac.IsZero ? throw InvalidMac(text, $"{key} is zero, which is invalid for an interface") : mac;
    }

    // What is of another form is the delegate's to refuse.
    private static bool AsksForAddress(CniRequest request) =>
        CniArgs.Parse(request.Args, "MAC", "IP").Find("IP") is { Length: > 0 }
        || request.Config.FindObject("args")?.FindObject("cni")?.Find("ips") is not null
        || request.Config.FindObject("runtimeConfig")?.Find("ips") is not null;

    private static CniException InvalidMac(string text, string reason) =>
        new(CniErrorCode.InvalidNetworkConfig, $"address {text}: invalid MAC address", reason);

    private static string ReadIpamType(ConfigNode node) => node.FindObject("ipam")?.GetString("type") ?? "";

    private static CniDns? ReadDns(ConfigNode node)
    {
        if (node.FindObject("dns") is not { } dns)
            return null;
        var domain = dns.GetString("domain");
        var given =
            domain.Length > 0 || dns.Find("nameservers") is not null || dns.Find("search") is not null || dns.Find("options") is not null;
        return !given
            ? null
            : new CniDns
            {
                Nameservers = dns.GetStrings("nameservers"),
                Domain = domain,
                Search = dns.GetStrings("search"),
                Options = dns.GetStrings("options"),
            };
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
