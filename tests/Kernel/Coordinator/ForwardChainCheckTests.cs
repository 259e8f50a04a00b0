using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Walk;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator;

/// <summary>Whether a chain at the forward hook drops a pod's packet, asked of the rules and tried with a packet.</summary>
public sealed class ForwardChainCheckTests
{
    private const string Policy =
        "nft add table inet fw;nft add chain inet fw forward { type filter hook forward priority 0 ; policy drop ; };";

    [KernelTheory]
    // Nobody drops.
    [InlineData("", "")]
    [InlineData("iptables-nft -P FORWARD ACCEPT", "")]
    [InlineData("iptables-nft -A FORWARD -i eth9 -j DROP", "")]
    [InlineData("iptables-nft -A FORWARD -m conntrack --ctstate INVALID -j DROP", "")]
    [InlineData(
        "nft add table inet fw { flags dormant ; };nft add chain inet fw forward { type filter hook forward priority 0 ; policy drop ; }",
        ""
    )]
    [InlineData("nft add table inet fw;nft add chain inet fw input { type filter hook input priority 0 ; policy drop ; }", "")]
    [InlineData("ip6tables-nft -P FORWARD DROP", "")]
    // iptables in both kinds.
    [InlineData(
        "iptables-nft -P FORWARD DROP",
        "chain FORWARD of iptables (table ip filter) drops it: its policy is drop, and no rule before accepts it"
    )]
    [InlineData(
        "iptables-legacy -P FORWARD DROP",
        "chain FORWARD of iptables-legacy drops it: its policy is drop, and no rule before accepts it"
    )]
    [InlineData("iptables-nft -P FORWARD DROP;iptables-nft -A FORWARD -i in -o out -j ACCEPT", "")]
    [InlineData("iptables-legacy -P FORWARD DROP;iptables-legacy -A FORWARD -i in -o out -j ACCEPT", "")]
    [InlineData("iptables-nft -P FORWARD DROP;iptables-nft -A FORWARD -s 10.0.0.0/24 -j ACCEPT", "")]
    [InlineData(
        "iptables-legacy -P FORWARD DROP;iptables-legacy -N FLANNEL-FWD;iptables-legacy -A FORWARD -m comment --comment x -j "
            + "FLANNEL-FWD;iptables-legacy -A FLANNEL-FWD -s 10.0.0.0/16 -j ACCEPT",
        ""
    )]
    [InlineData(
        "iptables-nft -A FORWARD -j REJECT",
        "chain FORWARD of iptables (table ip filter) drops it: a rule drops or rejects it, and no rule before accepts it"
    )]
    [InlineData(
        "iptables-legacy -A FORWARD -j REJECT",
        "chain FORWARD of iptables-legacy drops it: a rule drops or rejects it, and no rule before accepts it"
    )]
    [InlineData(
        "iptables-nft -P FORWARD DROP;iptables-nft -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "chain FORWARD of iptables (table ip filter) drops it: its policy is drop, and no rule before accepts it"
    )]
    [InlineData(
        "iptables-legacy -P FORWARD DROP;iptables-legacy -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "chain FORWARD of iptables-legacy drops it: its policy is drop, and no rule before accepts it"
    )]
    [InlineData("iptables-legacy -P FORWARD DROP;iptables-legacy -A FORWARD -m conntrack --ctstate NEW -j ACCEPT", "")]
    [InlineData(
        "iptables-legacy -P FORWARD DROP;iptables-legacy -A FORWARD -m state --state ESTABLISHED -j ACCEPT",
        "chain FORWARD of iptables-legacy drops it: its policy is drop, and no rule before accepts it"
    )]
    // As docker makes them.
    [InlineData(
        "iptables-nft -P FORWARD DROP;iptables-nft -N DOCKER-USER;iptables-nft -N DOCKER;iptables-nft -A FORWARD -j "
            + "DOCKER-USER;iptables-nft -A DOCKER-USER -j RETURN;iptables-nft -A FORWARD -o docker0 -m conntrack --ctstate "
            + "RELATED,ESTABLISHED -j ACCEPT;iptables-nft -A FORWARD -o docker0 -j DOCKER;iptables-nft -A FORWARD -i docker0 ! -o docker0 "
            + "-j ACCEPT",
        "chain FORWARD of iptables (table ip filter) drops it: its policy is drop, and no rule before accepts it"
    )]
    [InlineData(
        "iptables-legacy -P FORWARD DROP;iptables-legacy -N X;iptables-legacy -A FORWARD -g X;iptables-legacy -A X -j "
            + "RETURN;iptables-legacy -A FORWARD -j ACCEPT",
        "chain FORWARD of iptables-legacy drops it: its policy is drop, and no rule before accepts it"
    )]
    // nftables' own.
    [InlineData(Policy, "chain forward of nftables' table inet fw drops it: its policy is drop, and no rule before accepts it")]
    [InlineData(
        Policy + "nft add rule inet fw forward ct state established,related accept",
        "chain forward of nftables' table inet fw drops it: its policy is drop, and no rule before accepts it"
    )]
    [InlineData(
        Policy + "nft add rule inet fw forward ct state { established, related } accept",
        "chain forward of nftables' table inet fw drops it: its policy is drop, and no rule before accepts it"
    )]
    [InlineData(
        Policy + "nft add rule inet fw forward ct state vmap { established : accept, related : accept, invalid : drop }",
        "chain forward of nftables' table inet fw drops it: its policy is drop, and no rule before accepts it"
    )]
    [InlineData(Policy + "nft add rule inet fw forward ct state vmap { new : accept, invalid : drop }", "")]
    [InlineData(Policy + "nft add rule inet fw forward iifname { \"in\", \"cni0\" } accept", "")]
    [InlineData(
        Policy + "nft add rule inet fw forward iifname { \"eth7\", \"cni0\" } accept",
        "chain forward of nftables' table inet fw drops it: its policy is drop, and no rule before accepts it"
    )]
    [InlineData(Policy + "nft add rule inet fw forward iifname != { \"eth7\", \"cni0\" } accept", "")]
    [InlineData(
        Policy
            + "nft add chain inet fw pods;nft add rule inet fw forward iifname vmap { \"in\" : jump pods };nft add rule inet fw pods "
            + "ip daddr 10.0.1.0/24 accept",
        ""
    )]
    [InlineData(
        "nft add table inet fw;nft add chain inet fw forward { type filter hook forward priority 10 ; };nft add rule inet fw forward "
            + "ct state { established, related } accept;nft add rule inet fw forward reject with icmpx admin-prohibited",
        "chain forward of nftables' table inet fw drops it: a rule drops or rejects it, and no rule before accepts it"
    )]
    [InlineData(
        Policy + "nft add rule inet fw forward tcp dport 80 accept",
        "chain forward of nftables' table inet fw may drop it: its policy is drop, and whether a rule before accepts it is not known here"
    )]
    [InlineData(
        "nft add table ip fw;nft add chain ip fw f { type filter hook forward priority 0 ; };nft add rule ip fw f ip saddr "
            + "10.0.0.0/24 drop comment \"no\"",
        "chain f of nftables' table ip fw drops it: a rule (\"no\") drops or rejects it, and no rule before accepts it"
    )]
    public void What_is_told_of_the_chains_is_what_becomes_of_a_packet(string rules, string expected)
    {
        using var node = new TestMachine();
        using var pod = new TestNamespace();
        using var peer = new TestNamespace();
        Connect(node, pod, "in", 0);
        Connect(node, peer, "out", 1);
        node.Tool("sysctl -qw net.ipv4.ip_forward=1");
        foreach (
            var rule in rules
                .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Aggregate(new List<string>(), Join)
        )
            node.Tool(rule);

        var told = node.Run(() =>
        {
            using var client = NftablesClient.Find();
            return string.Join(
                '\n',
                ForwardChains.FindDrops(client, new ForwardedPacket(IPAddr.Parse("10.0.0.2"), IPAddr.Parse("10.0.1.2"), "in", "out"))
            );
        });

        Assert.Equal(expected, told);
        if (!expected.Contains("may drop", StringComparison.Ordinal))
            Assert.Equal(expected.Length == 0, Arrives(pod, peer));
    }

    // Whatever becomes of the answer.
    private static bool Arrives(TestNamespace pod, TestNamespace peer)
    {
        pod.TryTool(["ping", "-c2", "-i0.2", "-W1", "-q", "10.0.1.2"]);
        var lines = peer.Tool("cat /proc/net/snmp")
            .Split('\n')
            .Where(static line => line.StartsWith("Icmp:", StringComparison.Ordinal))
            .Select(static line => line.Split(' '))
            .ToList();
        return int.Parse(lines[1][Array.IndexOf(lines[0], "InEchos")]) > 0;
    }

    // Within braces a semicolon ends no command.
    private static List<string> Join(List<string> done, string next)
    {
        if (done.Count > 0 && done[^1].Count(static c => c == '{') > done[^1].Count(static c => c == '}'))
            done[^1] = $"{done[^1]} ; {next}";
        else
            done.Add(next);
        return done;
    }

    private static void Connect(TestMachine node, TestNamespace end, string link, int number)
    {
        node.Tool($"ip link add {link} type veth peer name eth0 netns {end.Path}");
        node.Tool($"ip addr add 10.0.{number}.1/24 dev {link}");
        node.Tool($"ip link set {link} up");
        end.Tool($"ip addr add 10.0.{number}.2/24 dev eth0");
        end.Tool("ip link set eth0 up");
        end.Tool($"ip route add default via 10.0.{number}.1");
    }
}
