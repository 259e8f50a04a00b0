using Plugboard.Firewall;
using Plugboard.Protocols.Cni;

namespace Plugboard.Portmap;

/// <summary>Which backend a config asks for by its words. Pure.</summary>
internal static class BackendChoice
{
    /// <summary>The backend; null where the config leaves it open.</summary>
    /// <exception cref="CniException">Code 7: it asks for one and speaks the other's words.</exception>
    public static FirewallBackend? From(PortmapConfig config)
    {
        var iptables = new List<string>();
        var nftables = new List<string>();
        if (config.ExternalSetMarkChain is not null)
            iptables.Add("externalSetMarkChain");
        Sort("conditionsV4", config.ConditionsV4);
        Sort("conditionsV6", config.ConditionsV6);
        return config.Backend switch
        {
            FirewallBackend.Nftables when iptables.Count > 0 => throw Contradiction("nftables", "iptables", iptables),
            FirewallBackend.Iptables when nftables.Count > 0 => throw Contradiction("iptables", "nftables", nftables),
            null when iptables.Count > 0 && nftables.Count > 0 => throw new CniException(
                CniErrorCode.InvalidNetworkConfig,
                $"configuration contains both iptables-specific options [{string.Join(' ', iptables)}] and nftables-specific options "
                    + $"[{string.Join(' ', nftables)}]",
                "one backend writes all rules: use the words of one of them"
            ),
            null when iptables.Count > 0 => FirewallBackend.Iptables,
            null when nftables.Count > 0 => FirewallBackend.Nftables,
            var asked => asked,
        };

        void Sort(string key, IReadOnlyList<string> words)
        {
            if (words.Count > 0)
                (words[0][0] is '-' or '!' ? iptables : nftables).Add(key);
        }
    }

    private static CniException Contradiction(string asked, string words, List<string> keys) =>
        new(
            CniErrorCode.InvalidNetworkConfig,
            $"{asked} backend was requested but configuration contains {words}-specific options [{string.Join(' ', keys)}]",
            $"remove the options or set backend to \"{words}\""
        );
}
