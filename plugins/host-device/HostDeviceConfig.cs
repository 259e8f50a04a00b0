using Plugboard.Addresses;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.HostDevice;

/// <summary>Which device a config chooses. Pure.</summary>
internal sealed record HostDeviceConfig
{
    private const string DevicesDirectory = "/sys/devices/";

    private static readonly string[] keys = ["device", "hwaddr", "kernelpath", "pciBusID", "DPDKMode", "deviceID", "ipam", "dns"];

    /// <summary>The name of the interface on the host; empty: chosen by something else.</summary>
    public string Device { get; private init; } = "";

    /// <summary>Its hardware address; null: chosen by something else.</summary>
    public MacAddress? Address { get; private init; }

    /// <summary>Its directory below /sys/devices; empty: chosen by something else.</summary>
    public string KernelPath { get; private init; } = "";

    /// <summary>The PCI address of the device below it; empty: chosen by something else.</summary>
    public string PciBusId { get; private init; } = "";

    /// <summary>The device of a device plugin, a PCI address or the name of an auxiliary device; empty for none.</summary>
    public string DeviceId { get; private init; } = "";

    /// <summary>The choice in the words of the config, for messages.</summary>
    public string Choice =>
        Device.Length > 0 ? $"device {Device}"
        : Address is { } address ? $"hwaddr {address}"
        : KernelPath.Length > 0 ? $"kernelpath {KernelPath}"
        : DeviceId.Length > 0 ? $"runtimeConfig.deviceID {DeviceId}"
        : $"pciBusID {PciBusId}";

    /// <summary>Reads the config; what is wrong is a <see cref="CniException"/>.</summary>
    public static HostDeviceConfig Parse(ConfigNode node)
    {
        var config = new HostDeviceConfig
        {
            Device = node.GetString("device"),
            Address = ReadAddress(node.GetString("hwaddr")),
            KernelPath = ReadPath(node.GetString("kernelpath")),
            PciBusId = ReadId(node.GetString("pciBusID"), "pciBusID"),
            DeviceId = ReadId(node.FindObject("runtimeConfig")?.GetString("deviceID") ?? "", "runtimeConfig.deviceID"),
        };
        if (config is { Device: "", Address: null, KernelPath: "", PciBusId: "", DeviceId: "" })
        {
            throw Wrong(
                "specify either \"device\", \"hwaddr\", \"kernelpath\" or \"pciBusID\"",
                "the network config does not say which device of the node the container gets; a device plugin's resource needs "
                    + "\"capabilities\": {\"deviceID\": true}"
            );
        }

        return config;
    }

    /// <summary>The name of the device in a config that may be wrong in any way; empty if it has none.</summary>
    public static string FindDevice(ConfigNode node) => InterfaceKeys.Leniently(node, static config => config.GetString("device"), "");

    /// <summary>All that is wrong with a config, a sentence each.</summary>
    public static IReadOnlyList<string> Validate(CniRequest request)
    {
        var problems = new List<string>();
        var node = request.Config;
        problems.Try("ipam", () => InterfaceKeys.ReadIpamType(node));
        problems.Try("dns", () => InterfaceKeys.ReadDns(node));
        problems.AddUnknownOfDns(node);
        problems.AddUnknown(node, keys, "is not a key of host-device and has no effect");
        if (!IsDeviceGivenPerPod(request))
            problems.Try("config", () => Parse(node));
        var type = InterfaceKeys.ReadIpamTypeLeniently(node);
        return [.. problems, .. IpamDelegate.Validate(request, type, foreseen => PodAddresses.From(foreseen, type, 0, 0))];
    }

    /// <summary>True in a call of no pod if the runtime says with each pod which device it is, and this call does not say it too.</summary>
    public static bool IsDeviceGivenPerPod(CniRequest request) =>
        request.IsGivenPerPod("deviceID")
        && InterfaceKeys.Leniently(request.Config, static config => config.FindObject("runtimeConfig")?.GetString("deviceID"), null)
            is not { Length: > 0 };

    private static MacAddress? ReadAddress(string text) =>
        text.Length == 0 ? null
        : MacAddress.TryParse(text, out var address) ? address
        : throw Wrong(
            $"failed to parse MAC address \"{text}\": address {text}: invalid MAC address",
            "hwaddr wants six bytes, such as 02:00:00:00:00:01"
        );

    private static string ReadPath(string path) =>
        path.Length == 0 || (path.StartsWith(DevicesDirectory, StringComparison.Ordinal) && !path.Split('/').Contains(".."))
            ? path
            : throw Wrong(
                $"kernel device path \"{path}\" must be absolute and begin with {DevicesDirectory}",
                "kernelpath wants the directory of a device, without .., such as /sys/devices/pci0000:00/0000:00:1f.6"
            );

    private static string ReadId(string id, string key) =>
        id is "." or ".." || id.Contains('/')
            ? throw Wrong($"invalid {key} \"{id}\"", $"{key} wants the address of a device, such as 0000:01:10.0")
            : PciAddress.Normalize(id);

    private static CniException Wrong(string message, string details) => new(CniErrorCode.InvalidNetworkConfig, message, details);
}
