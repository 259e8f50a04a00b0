using Plugboard.Addresses;
using Plugboard.Protocols.Cni;

namespace Plugboard.PodInterfaces;

/// <summary>
/// The config's keys that all plugins share that make an interface of a pod. What is wrong is a <see cref="CniException"/>. Pure.
/// </summary>
public static class InterfaceKeys
{
    /// <summary>The least MTU of an Ethernet device (include/uapi/linux/if_ether.h, ETH_MIN_MTU).</summary>
    public const int MinMtu = 68;

    /// <summary>The greatest MTU of an Ethernet device (include/uapi/linux/if_ether.h, ETH_MAX_MTU).</summary>
    public const int MaxMtu = 65535;

    /// <summary>The IPAM plugin; empty: layer 2 only.</summary>
    public static string ReadIpamType(ConfigNode node) => node.FindObject("ipam")?.GetString("type") ?? "";

    /// <summary>As <see cref="ReadIpamType"/>, of a config that may be wrong: for DEL and GC.</summary>
    public static string ReadIpamTypeLeniently(ConfigNode node) => Leniently(node, ReadIpamType, "");

    /// <summary><c>mtu</c>, which a virtual device takes; 0: the kernel's default.</summary>
    /// <param name="node">The config.</param>
    /// <param name="device">What takes it, for the message: <c>a veth interface</c>.</param>
    public static int ReadMtu(ConfigNode node, string device)
    {
        var mtu = node.FindInt("mtu") ?? 0;
        return mtu is 0 or (>= MinMtu and <= MaxMtu)
            ? mtu
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"invalid mtu {mtu}",
                $"mtu wants {MinMtu} to {MaxMtu} bytes, which is what {device} takes, or 0 for the kernel's default"
            );
    }

    /// <summary>
    /// As <see cref="ReadMtu"/>, of a link above a master: <see cref="MasterLink"/> refuses what is negative, and says its MTU.
    /// </summary>
    public static int ReadMtuOfChild(ConfigNode node, string device) =>
        node.FindInt("mtu") is < 0 and var mtu ? mtu : ReadMtu(node, device);

    /// <summary>
    /// The hardware address that is asked for; null: none. The last source wins: what a runtime passes per pod is closer than what a config
    /// says.
    /// </summary>
    /// <param name="request">The call.</param>
    /// <param name="hasKey">The plugin has a key <c>mac</c>, the first source.</param>
    /// <param name="isStrict">A key of CNI_ARGS that is unknown is an error.</param>
    public static MacAddress? ReadMac(CniRequest request, bool hasKey, bool isStrict = true)
    {
        var (text, key) = (hasKey ? request.Config.GetString("mac") : "", "mac");
        // IP is the delegate's: what serves the call as a whole is not unknown.
        var arguments = isStrict
            ? CniArgs.Parse(request.Args, "MAC", "IP", "GATEWAY")
            : CniArgs.ParseLeniently(request.Args, "MAC", "IP", "GATEWAY");
        if (arguments.Find("MAC") is { Length: > 0 } fromEnvironment)
            (text, key) = (fromEnvironment, "the MAC of CNI_ARGS");
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

    private static CniException InvalidMac(string text, string reason) =>
        new(CniErrorCode.InvalidNetworkConfig, $"address {text}: invalid MAC address", reason);

    /// <summary>True where a person or a runtime asks for an address; one of another form is the delegate's to refuse.</summary>
    public static bool AsksForAddress(CniRequest request) =>
        CniArgs.Parse(request.Args, "MAC", "IP", "GATEWAY").Find("IP") is { Length: > 0 }
        || request.Config.FindObject("args")?.FindObject("cni")?.Find("ips") is not null
        || request.Config.FindObject("runtimeConfig")?.Find("ips") is not null;

    /// <summary><c>dns</c>, which replaces the IPAM's name resolution; null: does not.</summary>
    public static CniDns? ReadDns(ConfigNode node)
    {
        if (node.FindObject("dns") is not { } dns)
            return null;
        var domain = dns.GetString("domain");
        var given =
            domain.Length > 0 || dns.Find("nameservers") is not null || dns.Find("search") is not null || dns.Find("options") is not null;
        return given ? CniResultReader.ReadDns(node) : null;
    }

    /// <summary>What a reader finds, or another value where it finds a fault: for DEL and GC, which a typing error must not stop.</summary>
    public static T Leniently<T>(ConfigNode node, Func<ConfigNode, T> read, T otherwise)
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
}
