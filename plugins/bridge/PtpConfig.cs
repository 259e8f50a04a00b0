using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.Bridge;

/// <summary>The keys of a ptp config, read and validated. Pure.</summary>
internal sealed record PtpConfig
{
    private static readonly string[] keys = ["mtu", "ipMasq", "ipMasqBackend", "ipam", "dns"];

    /// <summary>Bytes, for both ends; 0: the kernel's default.</summary>
    public int Mtu { get; private init; }

    /// <summary>The rules that a pod gets.</summary>
    public required WantedTraffic Traffic { get; init; }

    /// <summary>The IPAM plugin; empty only where the config is read leniently.</summary>
    public string IpamType { get; private init; } = "";

    /// <summary>Replaces the IPAM's name resolution; null: does not.</summary>
    public CniDns? Dns { get; private init; }

    /// <summary>Reads the config of an ADD or CHECK; what is wrong is a <see cref="CniException"/>.</summary>
    public static PtpConfig Parse(CniRequest request)
    {
        var node = request.Config;
        var config = new PtpConfig
        {
            Mtu = InterfaceKeys.ReadMtu(node, "a veth interface"),
            Traffic = new WantedTraffic(node.GetBool("ipMasq"), WantedTraffic.ReadBackend(node), ChecksMac: false),
            IpamType = ReadIpam(node),
            Dns = InterfaceKeys.ReadDns(node),
        };
        SmallMtu.RefuseWithIPv6Ranges(config.Mtu, node);
        return config;
    }

    /// <summary>The facts that DEL and GC need, as far as a config that may be invalid has them.</summary>
    public static PtpConfig ParseLeniently(CniRequest request) =>
        new()
        {
            Traffic = new WantedTraffic(
                InterfaceKeys.Leniently(request.Config, static node => node.GetBool("ipMasq"), true),
                null,
                ChecksMac: false
            ),
            IpamType = InterfaceKeys.ReadIpamTypeLeniently(request.Config),
        };

    /// <summary>All that is wrong with a config, a sentence each.</summary>
    public static IReadOnlyList<string> Validate(CniRequest request)
    {
        var problems = new List<string>();
        var node = request.Config;
        problems.Try("mtu", () => InterfaceKeys.ReadMtu(node, "a veth interface"));
        problems.Try("ipMasq", () => node.GetBool("ipMasq"));
        problems.Try("ipMasqBackend", () => WantedTraffic.ReadBackend(node));
        problems.Try("ipam", () => ReadIpam(node));
        problems.Try("dns", () => InterfaceKeys.ReadDns(node));
        problems.AddUnknownOfDns(node);
        problems.AddUnknown(node, keys, "is not a key of ptp and has no effect");
        return problems;
    }

    // Two ends without addresses carry nothing.
    private static string ReadIpam(ConfigNode node) =>
        InterfaceKeys.ReadIpamType(node) is { Length: > 0 } type
            ? type
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                "ptp requires an IPAM configuration",
                "add ipam with a type, such as {\"type\": \"host-local\", …}, to the network config"
            );
}
