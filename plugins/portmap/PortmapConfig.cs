using Plugboard.Firewall;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Ports;
using Plugboard.Hosting;
using Plugboard.Protocols.Cni;

namespace Plugboard.Portmap;

/// <summary>The keys of a portmap config, read and validated. Pure.</summary>
internal sealed record PortmapConfig
{
    /// <summary>What writes the rules; null: what the kernel and the config allow.</summary>
    public FirewallBackend? Backend { get; private init; }

    /// <summary>Connections from the pod itself, its network and localhost are masqueraded.</summary>
    public bool Snat { get; private init; } = true;

    /// <summary>Connections from everywhere are masqueraded.</summary>
    public bool MasqAll { get; private init; }

    /// <summary>The bit of the packet's mark; null where the config does not say.</summary>
    public int? MarkMasqBit { get; private init; }

    /// <summary>iptables only: another's chain that marks packets.</summary>
    public string? ExternalSetMarkChain { get; private init; }

    /// <summary>Further conditions on IPv4 packets.</summary>
    public IReadOnlyList<string> ConditionsV4 { get; private init; } = [];

    /// <summary>Further conditions on IPv6 packets.</summary>
    public IReadOnlyList<string> ConditionsV6 { get; private init; } = [];

    /// <summary>The ports the runtime asks for.</summary>
    public IReadOnlyList<PortMapping> Ports { get; private init; } = [];

    /// <summary>Reads the config of an ADD, CHECK or STATUS; what is wrong is a <see cref="CniException"/>.</summary>
    public static PortmapConfig Parse(CniRequest request)
    {
        var node = request.Config;
        var config = new PortmapConfig
        {
            Backend = ReadBackend(node),
            Snat = node.FindBool("snat") ?? true,
            MasqAll = node.GetBool("masqAll"),
            MarkMasqBit = ReadMarkBit(node),
            ExternalSetMarkChain = ReadChain(node),
            ConditionsV4 = ReadConditions(node, "conditionsV4"),
            ConditionsV6 = ReadConditions(node, "conditionsV6"),
            Ports = PortMappings.Parse(node),
        };
        return config with { Backend = BackendChoice.From(config) };
    }

    /// <summary>What a DEL knows of a container that has no record: its ports and addresses as far as they can be read.</summary>
    public static PodHostPorts? ReadLeniently(CniRequest request) =>
        request.FindPrevResultLeniently() is { } previous
            ? new PortmapConfig { Ports = PortMappings.ParseLeniently(request.Config) }.HostPortsOf(
                PodAddresses.From(previous, request.IfName),
                request
            )
            : null;

    /// <summary>All that is wrong with a config, a sentence each.</summary>
    public static IReadOnlyList<string> Validate(CniRequest request)
    {
        var problems = new List<string>();
        var node = request.Config;
        problems.Try("backend", () => ReadBackend(node));
        problems.Try("snat", () => node.GetBool("snat"));
        problems.Try("masqAll", () => node.GetBool("masqAll"));
        problems.Try("markMasqBit", () => ReadMarkBit(node));
        problems.Try("externalSetMarkChain", () => ReadChain(node));
        problems.Try("conditionsV4", () => ReadConditions(node, "conditionsV4"));
        problems.Try("conditionsV6", () => ReadConditions(node, "conditionsV6"));
        problems.Try("runtimeConfig", () => PortMappings.Parse(node));
        if (problems.Count == 0)
            problems.Try("backend", () => Parse(request));
        problems.AddUnknown(node, Keys, "is not a key of portmap and has no effect");
        if (node.FindObject("capabilities")?.FindBool("portMappings") is not true)
            problems.Add("capabilities: without \"portMappings\": true a runtime passes no ports");
        return problems;
    }

    private static readonly string[] Keys =
    [
        "ipam",
        "dns",
        "backend",
        "snat",
        "masqAll",
        "markMasqBit",
        "externalSetMarkChain",
        "conditionsV4",
        "conditionsV6",
    ];

    private static FirewallBackend? ReadBackend(ConfigNode node)
    {
        var word = node.GetString("backend");
        return BackendWord.TryRead(word, out var backend)
            ? backend
            : throw new CniException(
                CniErrorCode.UnsupportedField,
                $"unrecognized backend \"{Shortened.Of(word)}\"",
                "backend is \"nftables\" or \"iptables\"; without it portmap chooses"
            );
    }

    private static int? ReadMarkBit(ConfigNode node)
    {
        var bit = node.FindInt("markMasqBit");
        return bit is null or (>= 0 and <= 31)
            ? bit
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                "failed to parse config: MasqMarkBit must be between 0 and 31",
                $"markMasqBit is {bit}"
            );
    }

    private static string? ReadChain(ConfigNode node)
    {
        if (node.FindString("externalSetMarkChain") is not { Length: > 0 } chain)
            return null;
        if (node.FindInt("markMasqBit") is not null)
        {
            throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                "failed to parse config: Cannot specify externalSetMarkChain and markMasqBit",
                "the other program's chain decides which bit is set: remove markMasqBit"
            );
        }

        return ChainName.IsValid(chain)
            ? chain
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"failed to parse config: invalid externalSetMarkChain \"{Shortened.Of(chain)}\"",
                $"it wants the name of an iptables chain: at most {ChainName.Longest} bytes, no blank, no - or ! at its start"
            );
    }

    private static IReadOnlyList<string> ReadConditions(ConfigNode node, string key)
    {
        var words = node.GetStrings(key);
        foreach (var word in words)
        {
            if (word.Length == 0 || word.Any(char.IsControl))
            {
                throw new CniException(
                    CniErrorCode.InvalidNetworkConfig,
                    $"failed to parse config: {key} has an empty word or one with a control character",
                    $"correct {key} in the network config"
                );
            }
        }

        return words;
    }

    /// <summary>The host ports of a container.</summary>
    public PodHostPorts HostPortsOf(PodAddresses pod, CniRequest request) =>
        new()
        {
            Owner = request.Attachment,
            IPv4 = pod.IPv4,
            IPv6 = pod.IPv6,
            Link = pod.HostLink,
            NetNs = request.NetNs.Contains('\n') ? "" : request.NetNs,
            Ports = Ports,
            Snat = Snat,
            MasqueradeAll = MasqAll,
            MasqueradeMarkBit = MarkMasqBit,
            ExternalSetMarkChain = ExternalSetMarkChain,
            ConditionsV4 = ConditionsV4,
            ConditionsV6 = ConditionsV6,
        };
}
