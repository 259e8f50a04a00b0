using Plugboard.Addresses;
using Plugboard.Coordinator.Masquerade;
using Plugboard.Coordinator.Masquerade.Configuration;
using Plugboard.Coordinator.Masquerade.Iptables;
using Plugboard.Firewall.Iptables;
using Plugboard.Linux;

namespace Plugboard.Tests.Unit.Coordinator.Masquerade;

/// <summary>
/// The agent's cases of TestSyncMasqRules, TestEnsurePostroutingJump and TestWriteMasqRules, word for word, with and without
/// --random-fully.
/// </summary>
public sealed class AgentTableTests
{
    private const string NonMasq =
        "-A IP-MASQ-AGENT -m comment --comment \"ip-masq-agent: local traffic is not subject to MASQUERADE\" -d ";
    private const string Masq =
        "-A IP-MASQ-AGENT -m comment --comment \"ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)\" "
        + "-j MASQUERADE";
    private const string Jump =
        "-A POSTROUTING -m comment --comment \"ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to "
        + "our custom IP-MASQ-AGENT chain\""
        + " -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT";

    private const string Marker =
        ":PLUGBOARD-MASQ - [0:0]\n-A PLUGBOARD-MASQ -m comment --comment \"kept by the plugboard coordinator\" -j IP-MASQ-AGENT\n";

    private static readonly MasqueradeOptions Options = new() { EnableIPv6 = true };

    private static MasqueradeConfig Config(params string[] networks) =>
        new() { NonMasqueradeCidrs = networks.Select(text => IPPrefix.Parse(text)).ToValueArray() };

    // What is ours beside the agent's is the chain that tells that its chain is ours.
    private static string Written(MasqueradeOptions options, MasqueradeConfig config, bool is6 = false, params string[] pods)
    {
        var text = new AgentTable(options, config).Plan(is6, pods.Select(pod => IPPrefix.Parse(pod))).Plan(NatTable.Empty).Text;
        Assert.Contains(Marker, text, StringComparison.Ordinal);
        return text.Replace(Marker, "", StringComparison.Ordinal);
    }

    private static string Expected(IEnumerable<string> lines) =>
        $"*nat\n:IP-MASQ-AGENT - [0:0]\n{string.Join('\n', lines)}\n{Jump}\nCOMMIT\n";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Ipv4_chains_are_the_agents(bool randomFully)
    {
        var options = Options with { RandomFully = randomFully };
        var masq = Masq + (randomFully ? " --random-fully" : "");

        Assert.Equal(Expected([NonMasq + "169.254.0.0/16 -j RETURN", masq]), Written(options, Config()));
        Assert.Equal(
            Expected([
                .. new[] { "169.254.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16" }.Select(network =>
                    $"{NonMasq}{network} -j RETURN"
                ),
                masq,
            ]),
            Written(options, MasqueradeConfig.Default(allReserved: false))
        );
        Assert.Equal(
            Expected([NonMasq + "169.254.0.0/16 -j RETURN", NonMasq + "10.244.0.0/16 -j RETURN", masq]),
            Written(options, Config("10.244.0.0/16", "fd00:10:244::/64"))
        );
    }

    [Fact]
    public void All_reserved_networks_have_the_agents_order() =>
        Assert.Equal(
            [
                "10.0.0.0/8",
                "172.16.0.0/12",
                "192.168.0.0/16",
                "100.64.0.0/10",
                "192.0.0.0/24",
                "192.0.2.0/24",
                "192.88.99.0/24",
                "198.18.0.0/15",
                "198.51.100.0/24",
                "203.0.113.0/24",
                "240.0.0.0/4",
            ],
            MasqueradeConfig.Default(allReserved: true).NonMasqueradeCidrs.Select(network => network.ToString())
        );

    [Fact]
    public void Ipv6_chains_are_the_agents()
    {
        Assert.Equal(Expected([NonMasq + "fe80::/10 -j RETURN", Masq + " --random-fully"]), Written(Options, Config(), is6: true));
        Assert.Equal(
            Expected([NonMasq + "fe80::/10 -j RETURN", NonMasq + "fd00:10:244::/64 -j RETURN", Masq + " --random-fully"]),
            Written(Options, Config("10.244.0.0/16", "fd00:10:244::/64"), is6: true)
        );
        Assert.Equal(Expected([Masq + " --random-fully"]), Written(Options, Config() with { MasqLinkLocalIPv6 = true }, is6: true));
        Assert.Equal(Expected([Masq + " --random-fully"]), Written(Options, Config() with { MasqLinkLocal = true }));
    }

    [Theory]
    [InlineData("1024-29999", "")]
    [InlineData("1024-29999,32768-65535", "0.469292562840114")]
    [InlineData("40000-49999,50000-59999", "0.5")]
    [InlineData("4000,5000", "0.5")]
    public void Ranges_of_ports_have_the_agents_probabilities(string ports, string probability)
    {
        var text = Written(Options with { ToPorts = PortRanges.Parse(ports) }, Config() with { MasqLinkLocal = true });

        var ranges = ports.Split(',');
        var lines = new List<string>();
        foreach (var protocol in new[] { "tcp", "udp", "sctp" })
        {
            if (ranges.Length > 1)
                lines.Add(
                    $"{Masq} --random-fully -p {protocol} -m statistic --mode random --probability {probability} --to-ports {ranges[0]}"
                );
            lines.Add($"{Masq} --random-fully -p {protocol} --to-ports {ranges[^1]}");
        }

        Assert.Equal(Expected([.. lines, Masq + " --random-fully"]), text);
    }

    [Fact]
    public void The_chances_of_three_ranges_are_of_what_the_earlier_ones_left()
    {
        var options = Options with { ToPorts = PortRanges.Parse("1024-29999,32768-49151,61000-65535") };

        var rules = new AgentTable(options, Config())
            .Plan(is6: false, [])
            .Chains[0]
            .Rules.Select(rule => rule.Value("--probability"))
            .OfType<string>();

        Assert.Equal(Enumerable.Repeat<string[]>(["0.5807279140612474", "0.7831739961759082"], 3).SelectMany(each => each), rules);
    }

    [Fact]
    public void What_iptables_save_prints_of_it_is_no_difference()
    {
        var kept = new AgentTable(
            Options with
            {
                ToPorts = PortRanges.Parse("1024-29999,32768-65535"),
            },
            Config("10.0.0.0/8", "0.0.0.0/0")
        ).Plan(is6: false, []);
        const string JumpComment =
            "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic to our custom IP-MASQ-AGENT chain";
        const string LocalComment = "ip-masq-agent: local traffic is not subject to MASQUERADE";
        const string OutboundComment = "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)";
        const string FirstHalf =
            "-m statistic --mode random --probability 0.46929256292 -j MASQUERADE --to-ports 1024-29999 --random-fully";
        const string Saved = $"""
            # Generated by iptables-save v1.8.9
            *nat
            :POSTROUTING ACCEPT [0:0]
            :IP-MASQ-AGENT - [0:0]
            :PLUGBOARD-MASQ - [0:0]
            -A POSTROUTING -m comment --comment "{JumpComment}" -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT
            -A IP-MASQ-AGENT -d 169.254.0.0/16 -m comment --comment "{LocalComment}" -j RETURN
            -A IP-MASQ-AGENT -d 10.0.0.0/8 -m comment --comment "{LocalComment}" -j RETURN
            -A IP-MASQ-AGENT -m comment --comment "{LocalComment}" -j RETURN
            -A IP-MASQ-AGENT -p tcp -m comment --comment "{OutboundComment}" {FirstHalf}
            -A IP-MASQ-AGENT -p tcp -m comment --comment "{OutboundComment}" -j MASQUERADE --to-ports 32768-65535 --random-fully
            -A IP-MASQ-AGENT -p udp -m comment --comment "{OutboundComment}" {FirstHalf}
            -A IP-MASQ-AGENT -p udp -m comment --comment "{OutboundComment}" -j MASQUERADE --to-ports 32768-65535 --random-fully
            -A IP-MASQ-AGENT -p sctp -m comment --comment "{OutboundComment}" {FirstHalf}
            -A IP-MASQ-AGENT -p sctp -m comment --comment "{OutboundComment}" -j MASQUERADE --to-ports 32768-65535 --random-fully
            -A IP-MASQ-AGENT -m comment --comment "{OutboundComment}" -j MASQUERADE --random-fully
            -A PLUGBOARD-MASQ -m comment --comment "kept by the plugboard coordinator" -j IP-MASQ-AGENT
            COMMIT
            """;

        Assert.Equal("", kept.Plan(NatTable.Parse(Saved)).Text);
        Assert.NotEqual("", kept.Plan(NatTable.Parse(Saved.Replace("0.46929256292", "0.46929", StringComparison.Ordinal))).Text);
    }

    [Fact]
    public void A_jump_that_stands_twice_goes_once_and_one_that_says_something_else_goes()
    {
        var kept = new AgentTable(Options, Config()).Plan(is6: false, []);
        var saved = kept.Plan(NatTable.Empty)
            .Text.Replace(Jump, $"{Jump}\n{Jump}\n-A POSTROUTING -j IP-MASQ-AGENT", StringComparison.Ordinal);

        Assert.Equal($"*nat\n-D {Jump[3..]}\n-D POSTROUTING -j IP-MASQ-AGENT\nCOMMIT\n", kept.Plan(NatTable.Parse(saved)).Text);
    }

    [Fact]
    public void A_renamed_chain_leaves_none_behind()
    {
        var before = new AgentTable(Options with { MasqChain = "OLD" }, Config()).Plan(is6: false, []).Plan(NatTable.Empty).Text;

        var text = new AgentTable(Options, Config()).Plan(is6: false, []).Plan(NatTable.Parse(before)).Text;

        Assert.EndsWith("-j OLD\n-F OLD\n-X OLD\nCOMMIT\n", text, StringComparison.Ordinal);
        Assert.Contains(Marker, text, StringComparison.Ordinal);
        Assert.StartsWith(
            "*nat\n-F PLUGBOARD-MASQ\n-X PLUGBOARD-MASQ\n-D POSTROUTING",
            new OwnedChains("nat", Is6: false).Plan(NatTable.Parse(before)).Text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void The_agents_own_chain_is_left_alone_where_it_is_not_ours()
    {
        var agents = new AgentTable(Options, Config())
            .Plan(is6: false, [])
            .Plan(NatTable.Empty)
            .Text.Replace(Marker, "", StringComparison.Ordinal);

        Assert.Equal("", new OwnedChains("nat", Is6: false).Plan(NatTable.Parse(agents)).Text);
    }

    [Fact]
    public void Pods_that_the_list_does_not_cover_are_exempt_too()
    {
        Assert.Equal(Written(Options, Config("10.0.0.0/8")), Written(Options, Config("10.0.0.0/8"), is6: false, "10.244.1.0/24"));
        Assert.Contains(
            NonMasq + "100.64.1.0/24 -j RETURN",
            Written(Options, Config("10.0.0.0/8"), is6: false, "100.64.1.0/24"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Our_own_keys_become_rules_of_the_same_kind()
    {
        var config = Config() with
        {
            MasqLinkLocal = true,
            MasqueradeCidrs = [IPPrefix.Parse("0.0.0.0/0")],
            OutputInterfaces = ["eth0", "eth1"],
            SnatAddresses = [new SnatAddress("eth1", IPAddr.Parse("203.0.113.5"))],
        };

        var start = Masq.Replace(" -j MASQUERADE", "", StringComparison.Ordinal);
        Assert.Equal(
            Expected([
                start + " -d 0.0.0.0/0 -o eth0 -j MASQUERADE --random-fully",
                start + " -d 0.0.0.0/0 -o eth1 -j SNAT --to-source 203.0.113.5 --random-fully",
                start + " -d 0.0.0.0/0 -o eth1 -j MASQUERADE --random-fully",
            ]),
            Written(Options, config)
        );
    }
}
