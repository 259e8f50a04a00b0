using Plugboard.Documents;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Configuration;

/// <summary>Reads net-conf.json's Backend. Pure.</summary>
internal static class BackendConfReader
{
    private const int MostVni = 0xff_ffff;
    private const int MostPort = 0xffff;
    private const int MostMtu = 0xffff;
    private const string Supported = "vxlan, host-gw, ipip and alloc are";

    private static readonly Dictionary<BackendType, string[]> keys = new()
    {
        [BackendType.Vxlan] = ["VNI", "Port", "MTU", "GBP", "Learning", "DirectRouting"],
        [BackendType.Ipip] = ["DirectRouting"],
        [BackendType.HostGw] = [],
        [BackendType.None] = [],
    };

    // Unsupported backends have keys as well; the message depends on Type.
    private static readonly string[] othersKeys =
    [
        "ListenPort",
        "ListenPortV6",
        "PSK",
        "PersistentKeepaliveInterval",
        "Mode",
        "UDPEncap",
        "ESPProposal",
        "PreStartupCommand",
        "PostStartupCommand",
        "SubnetAddCommand",
        "SubnetRemoveCommand",
    ];

    /// <summary>Refuses keys that no backend of flannel's has; one of another backend is a warning of <see cref="Read"/>.</summary>
    /// <exception cref="DocumentException">A key is unknown, or there twice.</exception>
    public static void RequireKnown(DocumentNode backend) => backend.RequireKnown(["Type", .. keys[BackendType.Vxlan], .. othersKeys]);

    /// <summary>
    /// The backend; null is what flanneld takes for <c>udp</c> and its documentation for <c>vxlan</c>: it is vxlan, with a warning.
    /// </summary>
    /// <exception cref="DocumentException">It is unknown, or known and not supported: with what to use instead.</exception>
    public static BackendConf Read(DocumentNode? backend, ICollection<string>? warnings)
    {
        if (backend is null)
        {
            warnings?.Add("Backend: missing, vxlan is used (flanneld itself takes udp, contrary to its documentation)");
            return new BackendConf { Type = BackendType.Vxlan };
        }

        var type = ReadType(backend);
        foreach (var item in backend.Items)
        {
            if (
                !item.Name.Equals("Type", StringComparison.OrdinalIgnoreCase)
                && !keys[type].Contains(item.Name, StringComparer.OrdinalIgnoreCase)
            )
                warnings?.Add(
                    $"Backend.{item.Name}: not a key of {backend.Find("Type")!.Text}, without effect{Spelling.Hint(item.Name, keys[type])}"
                );
        }

        // Zero is what flanneld has for "not said" in all of these but VNI.
        return new BackendConf
        {
            Type = type,
            Vni = backend.Find("VNI")?.AsInteger(1, MostVni) ?? 1,
            Port = backend.Find("Port")?.AsInteger(0, MostPort) ?? 0,
            Mtu = backend.Find("MTU")?.AsInteger(0, MostMtu) ?? 0,
            Gbp = backend.Find("GBP")?.AsBoolean() ?? false,
            Learning = backend.Find("Learning")?.AsBoolean() ?? false,
            DirectRouting = backend.Find("DirectRouting")?.AsBoolean() ?? false,
        };
    }

    private static BackendType ReadType(DocumentNode backend)
    {
        var node = backend.AsMap().Find("Type");
        var type = node?.AsText().ToLowerInvariant() ?? "";
        return type switch
        {
            "vxlan" => BackendType.Vxlan,
            "host-gw" => BackendType.HostGw,
            "ipip" => BackendType.Ipip,
            "alloc" => BackendType.None,
            "" => throw backend.Error($"unknown backend type: Backend has no Type ({Supported} supported)"),
            _ => throw node!.Error(
                Instead(type) is { } instead
                    ? $"backend type {type} is not supported: {instead}"
                    : $"unknown backend type: {type} ({Supported} supported)"
            ),
        };
    }

    private static string? Instead(string type) =>
        type switch
        {
            "udp" => "vxlan does the same in the kernel",
            "wireguard" or "ipsec" => "nothing here encrypts; vxlan or host-gw over links that do",
            "extension" => "use alloc, and start its programs by other means",
            "tencent-vpc" or "ali-vpc" or "aws-vpc" or "gce" => "use alloc, with the cloud's own route controller",
            _ => null,
        };
}
