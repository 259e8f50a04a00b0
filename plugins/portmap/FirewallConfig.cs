using Plugboard.Firewall.Accepting;
using Plugboard.Protocols.Cni;

namespace Plugboard.Portmap;

/// <summary>The keys of a firewall config, read and validated. Pure.</summary>
internal sealed record FirewallConfig
{
    /// <summary>firewalld's zone that accepts everything.</summary>
    private const string DefaultZone = "trusted";

    private static readonly string[] keys = ["ipam", "dns", "backend", "iptablesAdminChainName", "firewalldZone", "ingressPolicy"];

    /// <summary>What accepts the pods; null: firewalld if it runs, else iptables if it is installed.</summary>
    public AcceptBackend? Backend { get; private init; }

    /// <summary>iptables: the chain that is asked first.</summary>
    public string AdminChain { get; private init; } = AcceptRules.DefaultAdminChain;

    /// <summary>firewalld: the zone that takes the pods.</summary>
    public string Zone { get; private init; } = DefaultZone;

    /// <summary>The policy of the pods' bridge; null: the config does not say, so it is open.</summary>
    public IngressPolicy? Policy { get; private init; }

    /// <summary>Reads the config of any verb but DEL; what is wrong is a <see cref="CniException"/>.</summary>
    public static FirewallConfig Parse(ConfigNode node) =>
        new()
        {
            Backend = ReadBackend(node),
            AdminChain = ReadChain(node),
            Zone = ReadZone(node),
            Policy = ReadPolicy(node),
        };

    /// <summary>What a DEL understands of a config.</summary>
    public static FirewallConfig ReadLeniently(ConfigNode node)
    {
        return new FirewallConfig
        {
            Backend = Leniently(ReadBackend, null),
            AdminChain = Leniently(ReadChain, AcceptRules.DefaultAdminChain),
            Zone = Leniently(ReadZone, DefaultZone),
            Policy = Leniently(ReadPolicy, null),
        };

        T Leniently<T>(Func<ConfigNode, T> read, T otherwise)
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

    /// <summary>All that is wrong with a config, a sentence each.</summary>
    public static IReadOnlyList<string> Validate(ConfigNode node)
    {
        var problems = new List<string>();
        problems.Try("backend", () => ReadBackend(node));
        problems.Try("iptablesAdminChainName", () => ReadChain(node));
        problems.Try("firewalldZone", () => ReadZone(node));
        problems.Try("ingressPolicy", () => ReadPolicy(node));
        problems.AddUnknown(node, keys, "is not a key of firewall and has no effect");
        return problems;
    }

    private static AcceptBackend? ReadBackend(ConfigNode node) =>
        node.GetString("backend") switch
        {
            "" => null,
            "iptables" => AcceptBackend.Iptables,
            "firewalld" => AcceptBackend.Firewalld,
            "nftables" => AcceptBackend.Nftables,
            var other => throw new CniException(
                CniErrorCode.UnsupportedField,
                $"unrecognized backend \"{Shortened.Of(other)}\"",
                "backend is \"iptables\", \"firewalld\" or \"nftables\"; without it firewall chooses"
            ),
        };

    /// <summary>The word of a backend, as a config has it.</summary>
    public static string WordOf(AcceptBackend backend) =>
        backend switch
        {
            AcceptBackend.Iptables => "iptables",
            AcceptBackend.Firewalld => "firewalld",
            _ => "nftables",
        };

    private static string ReadChain(ConfigNode node)
    {
        if (node.GetString("iptablesAdminChainName") is not { Length: > 0 } chain)
            return AcceptRules.DefaultAdminChain;
        return ChainName.IsValid(chain) && !ChainName.IsReserved(chain)
            ? chain
            : throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"invalid iptablesAdminChainName \"{Shortened.Of(chain)}\"",
                $"it wants the name of an iptables chain of your own: at most {ChainName.Longest} bytes, no blank, no - or ! at its start"
            );
    }

    private static string ReadZone(ConfigNode node)
    {
        if (node.GetString("firewalldZone") is not { Length: > 0 } zone)
            return DefaultZone;
        return zone.Any(char.IsControl)
            ? throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"invalid firewalldZone \"{Shortened.Of(zone)}\"",
                "it has a control character; `firewall-cmd --get-zones` lists the zones"
            )
            : zone;
    }

    private static IngressPolicy? ReadPolicy(ConfigNode node)
    {
        var word = node.GetString("ingressPolicy");
        return word.Length == 0
            ? null
            : IngressPolicyWord.Find(word)
                ?? throw new CniException(
                    CniErrorCode.UnsupportedField,
                    $"unknown ingress policy: \"{Shortened.Of(word)}\"",
                    "ingressPolicy is \"open\", \"same-bridge\" or \"isolated\""
                );
    }

    /// <summary>The pod of a call, by what the plugins before this one made.</summary>
    /// <param name="request">The call.</param>
    /// <param name="previous">Their result.</param>
    /// <param name="backend">What accepts it.</param>
    public AcceptedPod PodOf(CniRequest request, CniResult previous, AcceptBackend backend)
    {
        // As the reference has it: bridge lists its bridge first.
        var bridge = previous.Interfaces is [{ Sandbox.Length: 0 } first, ..] && IsLink(first.Name) ? first.Name : "";
        return new AcceptedPod
        {
            Owner = request.Attachment,
            Addresses = [.. previous.IPs.Select(static ip => ip.Address.Address).Distinct()],
            Backend = backend,
            AdminChain = AdminChain,
            Zone = backend == AcceptBackend.Firewalld ? Zone : "",
            Bridge = bridge,
            Policy = Policy ?? IngressPolicy.Open,
            IsPolicyExplicit = Policy is not null,
            Link = previous.HostEndOf(request.IfName) is { } host && IsLink(host.Name) ? host.Name : "",
            NetNs = request.NetNs.Contains('\n') ? "" : request.NetNs,
        };
    }

    // net/core/dev.c, dev_valid_name.
    private static bool IsLink(string name) =>
        name is not ("" or "." or "..")
        && System.Text.Encoding.UTF8.GetByteCount(name) <= 15
        && !name.Any(static c => c is '/' or ':' || char.IsWhiteSpace(c) || char.IsControl(c));

    /// <summary>Throws if the policy needs a bridge, and the plugins before this one name none.</summary>
    public static void RequireBridge(AcceptedPod pod)
    {
        if (pod.Policy == IngressPolicy.Open || pod.Bridge.Length > 0)
            return;
        throw new CniException(
            CniErrorCode.InvalidNetworkConfig,
            $"interface needs to be set for ingress policy \"{IngressPolicyWord.Of(pod.Policy)}\", make sure to chain \"firewall\" "
                + "plugin with \"bridge\"",
            "the policy is the bridge's: the first interface of prevResult must be a bridge of the node"
        );
    }
}
