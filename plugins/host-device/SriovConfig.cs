using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Netlink.Route.Links;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.HostDevice;

/// <summary>The keys of a sriov config, read and validated. Pure.</summary>
internal sealed record SriovConfig
{
    private const string Prefix = "SRIOV-CNI failed to load netconf: LoadConf(): ";

    private static readonly string[] keys =
    [
        "deviceID",
        "pciBusID",
        "vlan",
        "vlanQoS",
        "vlanProto",
        "mac",
        "min_tx_rate",
        "max_tx_rate",
        "spoofchk",
        "trust",
        "link_state",
        "logLevel",
        "logFile",
        "ipam",
        "dns",
    ];

    /// <summary>The PCI address of the virtual function.</summary>
    public string DeviceId { get; private init; } = "";

    /// <summary>The VLAN; null: as it is.</summary>
    public VfVlan? Vlan { get; private init; }

    /// <summary>The hardware address; null: as it is.</summary>
    public MacAddress? Mac { get; init; }

    /// <summary>The least and the greatest rate of sending in Mbit/s, 0 for none; null: as they are.</summary>
    public (int Min, int Max)? Rates { get; private init; }

    /// <summary>Whether frames with another source address are dropped; null: as it is.</summary>
    public bool? SpoofCheck { get; private init; }

    /// <summary>Whether the function may change its address and become promiscuous; null: as it is.</summary>
    public bool? Trust { get; private init; }

    /// <summary>The carrier that it sees; null: as it is.</summary>
    public VfLinkState? LinkState { get; private init; }

    /// <summary>Reads the config of an ADD or CHECK; what is wrong is a <see cref="CniException"/>.</summary>
    public static SriovConfig Parse(CniRequest request)
    {
        var node = request.Config;
        return Read(node) with { DeviceId = ReadDevice(node), Mac = InterfaceKeys.ReadMac(request, hasKey: true) };
    }

    /// <summary>The PCI address of a config that may be wrong in any way; empty if it has none.</summary>
    public static string FindDevice(ConfigNode node) => InterfaceKeys.Leniently(node, ReadId, "") is var id && IsAddress(id) ? id : "";

    /// <summary>The settings of a config, or of a state file, whose common keys are those of its config.</summary>
    public static SriovConfig Read(ConfigNode node) =>
        new()
        {
            Vlan = ReadVlan(node),
            Rates = ReadRates(node),
            SpoofCheck = ReadSwitch(node.GetString("spoofchk")),
            Trust = ReadSwitch(node.GetString("trust")),
            LinkState = ReadLinkState(node.GetString("link_state")),
        };

    /// <summary>All that is wrong with a config, a sentence each.</summary>
    public static IReadOnlyList<string> Validate(CniRequest request)
    {
        var node = request.Config;
        var problems = new List<string>();
        problems.Try("ipam", () => InterfaceKeys.ReadIpamType(node));
        problems.Try("dns", () => InterfaceKeys.ReadDns(node));
        problems.AddUnknownOfDns(node);
        problems.AddUnknown(node, keys, "is not a key of sriov and has no effect");
        // Multus adds deviceID to each call: a config on the node has none.
        problems.Try("config", () => Read(node));
        problems.Try("mac", () => InterfaceKeys.ReadMac(request, hasKey: true));
        foreach (var key in (string[])["spoofchk", "trust"])
        {
            if (InterfaceKeys.Leniently(node, config => config.GetString(key), "") is not ("" or "on" or "off") and var word)
                problems.Add($"{key}: \"{Excerpt.Of(word)}\" is off: only \"on\" is on");
        }

        var type = InterfaceKeys.ReadIpamTypeLeniently(node);
        return [.. problems, .. IpamDelegate.Validate(request, type, foreseen => PodAddresses.From(foreseen, type, 0, 0))];
    }

    private static string ReadDevice(ConfigNode node) =>
        ReadId(node) switch
        {
            "" => throw Wrong(
                "VF pci addr is required",
                "deviceID is the PCI address of a virtual function: Multus adds it to a network whose NetworkAttachmentDefinition has the "
                    + "annotation k8s.v1.cni.cncf.io/resourceName and whose pod has the resource"
            ),
            var id when IsAddress(id) => id,
            var id => throw Wrong($"invalid deviceID \"{Excerpt.Of(id)}\"", "deviceID wants a PCI address, such as 0000:01:10.0"),
        };

    // The device plugin's choice is deviceID. With the capability deviceID alone, Multus has it from the pod's annotation.
    private static string ReadId(ConfigNode node) =>
        PciAddress.Normalize(
            node.GetString("deviceID") is { Length: > 0 } id ? id : node.FindObject("runtimeConfig")?.GetString("deviceID") ?? ""
        );

    private static bool IsAddress(string id) => id.Length > 0 && id is not ("." or "..") && !id.Contains('/');

    private static VfVlan? ReadVlan(ConfigNode node)
    {
        var qos = node.FindInt("vlanQoS");
        var protocol = ReadProtocol(node.GetString("vlanProto"));
        if (node.FindInt("vlan") is not { } id)
        {
            if (qos is not null)
                throw Wrong("vlan id must be configured to set vlan QoS", "add vlan, 1 to 4094, or remove vlanQoS");
            if (protocol is not null)
                throw Wrong("vlan id must be configured to set vlan proto", "add vlan, 1 to 4094, or remove vlanProto");
            return null;
        }

        if (id is < 0 or > 4094)
            throw Wrong($"vlan id {Text(id)} invalid: value must be in the range 0-4094", "0 takes the virtual function out of its VLAN");
        if (qos is < 0 or > 7)
            throw Wrong($"vlan QoS {Text(qos.Value)} invalid: value must be in the range 0-7", "vlanQoS is the priority in the VLAN's tag");
        if (id == 0 && qos is > 0)
        {
            throw Wrong(
                "non-zero vlan id must be configured to set vlan QoS to a non-zero value",
                "the priority is a part of the VLAN's tag: set vlan to 1 to 4094"
            );
        }

        if (id == 0 && protocol == VlanProtocol.Ieee8021AD)
        {
            throw Wrong(
                "non-zero vlan id must be configured to set vlan proto 802.1ad",
                "the protocol is the kind of the VLAN's tag: set vlan to 1 to 4094"
            );
        }

        return new VfVlan(id, qos ?? 0, protocol ?? VlanProtocol.Ieee8021Q);
    }

    private static VlanProtocol? ReadProtocol(string word) =>
        word.ToLowerInvariant() switch
        {
            "" => null,
            "802.1q" => VlanProtocol.Ieee8021Q,
            "802.1ad" => VlanProtocol.Ieee8021AD,
            _ => throw Wrong(
                $"vlan Proto {Excerpt.Of(word)} invalid: value must be '802.1Q' or '802.1ad'",
                "correct vlanProto in the network config"
            ),
        };

    private static (int, int)? ReadRates(ConfigNode node)
    {
        var (min, max) = (node.FindInt("min_tx_rate"), node.FindInt("max_tx_rate"));
        if (min is < 0 || max is < 0)
            throw Wrong("invalid tx rate: it must not be negative", "min_tx_rate and max_tx_rate are Mbit/s, or 0 for none");
        if (min is null && max is null)
            return null;
        return max is > 0 && min > max
            ? throw Wrong("min_tx_rate is greater than max_tx_rate", "a function cannot be promised more than it may send")
            : (min ?? 0, max ?? 0);
    }

    // Every other text is off, as in the original.
    private static bool? ReadSwitch(string word) => word.Length == 0 ? null : word == "on";

    private static VfLinkState? ReadLinkState(string word) =>
        word switch
        {
            "" => null,
            "auto" => VfLinkState.Auto,
            "enable" => VfLinkState.Enable,
            "disable" => VfLinkState.Disable,
            _ => throw Wrong($"invalid link_state value: {Excerpt.Of(word)}", "link_state is \"auto\", \"enable\" or \"disable\""),
        };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static CniException Wrong(string message, string details) => new(CniErrorCode.InvalidNetworkConfig, Prefix + message, details);
}
