using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Coordinator.Masquerade.Configuration;
using Plugboard.Firewall.Iptables;

namespace Plugboard.Coordinator.Masquerade.Iptables;

/// <summary>
/// ip-masq-agent's chain, word for word. The keys it does not know and pods' networks that its list does not cover make rules of the same
/// kind; without them the chain is the agent's. Pure. Source: ip-masq-agent, cmd/ip-masq-agent/ip-masq-agent.go (syncMasqRules,
/// writeMasqRules).
/// </summary>
/// <param name="options">The flags.</param>
/// <param name="config">The file.</param>
internal sealed class AgentTable(MasqueradeOptions options, MasqueradeConfig config)
{
    private static readonly string[] ProtocolsWithPorts = ["tcp", "udp", "sctp"];

    /// <summary>False where the tools do not know <c>--random-fully</c>: before iptables 1.6.2.</summary>
    public bool HasRandomFully { get; init; } = true;

    /// <summary>The nat table of a family.</summary>
    public OwnedChains Plan(bool is6, IEnumerable<IPPrefix> podCidrs) =>
        new("nat", is6) { Chains = [(options.MasqChain, [.. Exempt(is6, podCidrs), .. Masquerade(is6)])], Jumps = [Jump()] };

    private IptablesRule Jump() =>
        new(
            "POSTROUTING",
            [
                .. Comment(
                    "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom "
                        + $"{options.MasqChain} chain"
                ),
                "-m",
                "addrtype",
                "!",
                "--dst-type",
                "LOCAL",
                "-j",
                options.MasqChain,
            ]
        );

    private IEnumerable<IptablesRule> Exempt(bool is6, IEnumerable<IPPrefix> podCidrs)
    {
        var listed = AgentExemptions.Of(config, []).Where(item => item.Network.Is6 == is6).Select(item => item.Network).ToList();
        var pods = podCidrs
            .Where(pod => pod.Is6 == is6)
            .Select(pod => pod.Network)
            .Distinct()
            .Where(pod => !listed.Exists(network => network.Length <= pod.Length && network.Contains(pod.Address)));
        return listed
            .Concat(pods)
            .Select(network => new IptablesRule(
                options.MasqChain,
                [.. Comment("ip-masq-agent: local traffic is not subject to MASQUERADE"), "-d", $"{network}", "-j", "RETURN"]
            ));
    }

    private IEnumerable<IptablesRule> Masquerade(bool is6)
    {
        foreach (
            var network in config.MasqueradeCidrs is { } only ? only.Where(each => each.Is6 == is6).Select(each => each.ToString()) : [""]
        )
        {
            foreach (var link in config.OutputInterfaces is { } links ? links.Distinct() : [""])
            {
                foreach (var snat in config.SnatAddresses.Where(each => each.Address.Is6 == is6 && (link.Length == 0 || each.Link == link)))
                {
                    foreach (
                        var rule in WithPorts(
                            Conditions(network, snat.Link),
                            range => ["-j", "SNAT", "--to-source", ToSource(snat.Address, range), .. RandomFully()]
                        )
                    )
                        yield return rule;
                }

                foreach (
                    var rule in WithPorts(
                        Conditions(network, link),
                        range => ["-j", "MASQUERADE", .. RandomFully(), .. range is { } ports ? (string[])["--to-ports", $"{ports}"] : []]
                    )
                )
                    yield return rule;
            }
        }
    }

    private static string[] Conditions(string network, string link) =>
        [.. network.Length > 0 ? (string[])["-d", network] : [], .. link.Length > 0 ? (string[])["-o", link] : []];

    private string[] RandomFully() => options.RandomFully && HasRandomFully ? ["--random-fully"] : [];

    private static string ToSource(IPAddr address, PortRange? range) =>
        range is not { } ports ? $"{address}"
        : address.Is6 ? $"[{address}]:{ports}"
        : $"{address}:{ports}";

    // The agent writes the protocol behind the target; iptables takes the words in any order.
    private IEnumerable<IptablesRule> WithPorts(string[] conditions, Func<PortRange?, string[]> target)
    {
        string[] start = [.. Comment("ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)"), .. conditions];
        var ranges = options.ToPorts.Items;
        foreach (var protocol in ranges.Count > 0 ? ProtocolsWithPorts : [])
        {
            var left = options.ToPorts.Count;
            foreach (var (at, range) in ranges.Index())
            {
                string[] chance =
                    at == ranges.Count - 1 ? [] : ["-m", "statistic", "--mode", "random", "--probability", Probability(range.Count, left)];
                left -= range.Count;
                var words = target(range);
                // -j MASQUERADE [--random-fully] -p tcp [-m statistic …] --to-ports 1-2
                var ports = Array.IndexOf(words, "--to-ports");
                var middle = ports < 0 ? words.Length : ports;
                yield return new IptablesRule(
                    options.MasqChain,
                    [.. start, .. words[..middle], "-p", protocol, .. chance, .. words[middle..]]
                );
            }
        }

        yield return new IptablesRule(options.MasqChain, [.. start, .. target(null)]);
    }

    private static string Probability(int count, int left) => ((double)count / left).ToString("R", CultureInfo.InvariantCulture);

    private static string[] Comment(string text) => ["-m", "comment", "--comment", text];
}
