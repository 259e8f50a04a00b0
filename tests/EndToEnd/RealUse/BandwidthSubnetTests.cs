using System.Text.RegularExpressions;
using Plugboard.Netlink.Route;
using Plugboard.Netlink.Route.Traffic;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;
using static Plugboard.Tests.EndToEnd.RealUse.BandwidthNode;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>
/// bandwidth's limits for a part of the packets, by their destination. Debian's reference has no such keys: what its releases 1.5.0 and
/// 1.5.1 make is here as tc(8) prints it.
/// </summary>
public sealed class BandwidthSubnetTests
{
    private const string Rates = "\"ingressRate\":8000000,\"ingressBurst\":800000,\"egressRate\":16000000,\"egressBurst\":1600000";
    private const string Unshaped = $$"""{{{Rates}},"unshapedSubnets":["10.0.0.0/8","fd00:db8:abcd:1234:e000::/68"]}""";
    private const string Shaped = $$"""{{{Rates}},"shapedSubnets":["10.9.1.2/16"]}""";

    [KernelFact]
    public void Exempt_subnets_have_the_references_classes_and_filters()
    {
        using var node = new CniNode();
        var pod = node.Attached();
        var output = node.Call("ADD", pod, Config(Unshaped).After(pod)).Succeeded();
        Assert.Equal(Ifb, (string?)output.Json["interfaces"]![3]!["name"]);
        Assert.Equal(1000, node.Link(Ifb).GetProperty("txqlen").GetInt32());
        Assert.Equal(Golden("30", "16Mbit ceil 32Mbit burst 200000b cburst 400000b"), Dump(node, Ifb));
        Assert.Equal(Golden("30", "8Mbit ceil 16Mbit burst 100000b cburst 200000b"), Dump(node, pod.HostEnd()));
        node.Call("CHECK", pod, Config(Unshaped)).Succeeded();
        node.Call("DEL", pod, Config(Unshaped)).Succeeded();
        node.AssertUnlimited(pod);
    }

    private static string Golden(string fallback, string rate) =>
        $"""
            qdisc htb 1: root r2q 10 default 0x{fallback} direct_packets_stat 0 ver 3.17 direct_qlen 1000
            class htb 1:1 root prio 0 rate 800Gbit ceil 800Gbit burst 0b cburst 0b
            class htb 1:30 root prio 0 rate {rate}
            filter parent 1: protocol ipv6 pref 15 u32 chain 0
            filter parent 1: protocol ipv6 pref 15 u32 chain 0 fh 800: ht divisor 1
            filter parent 1: protocol ipv6 pref 15 u32 chain 0 fh 800::800 order 2048 key ht 800 bkt 0 *flowid 1:1 not_in_hw
              match fd000db8/ffffffff at 24
              match abcd1234/ffffffff at 28
              match e0000000/f0000000 at 32
            filter parent 1: protocol ip pref 16 u32 chain 0
            filter parent 1: protocol ip pref 16 u32 chain 0 fh 801: ht divisor 1
            filter parent 1: protocol ip pref 16 u32 chain 0 fh 801::800 order 2048 key ht 801 bkt 0 *flowid 1:1 not_in_hw
              match 0a000000/ff000000 at 16
            """;

    private static string Dump(CniNode node, string link)
    {
        var lines =
            node.Tool($"tc -d qdisc show dev {link} root")
            + node.Tool($"tc class show dev {link}")
            + node.Tool($"tc filter show dev {link}");
        var known = lines
            .Split('\n')
            .Select(static line => line.TrimEnd().Replace(" refcnt 2", "", StringComparison.Ordinal))
            // How many packets the htb has passed on while it had no class: the kernel's own (neighbour discovery) come at any time.
            .Select(static line => Regex.Replace(line, "direct_packets_stat \\d+", "direct_packets_stat 0"))
            .Where(static line => line.Length > 0);
        var classes = known.Where(static line => line.StartsWith("class", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        var others = known.Where(static line => !line.StartsWith("class", StringComparison.Ordinal)).ToList();
        return string.Join('\n', (string[])[others[0], .. classes, .. others[1..]]);
    }

    // Packets to the subnet are in class 1:30, and what no filter chooses is in class 1:1.
    [KernelTheory]
    [InlineData(Shaped, "default 0x1 ", "*flowid 1:30", "match 0a090000/ffff0000 at 16")]
    [InlineData(
        """{"egressRate":16000000,"shapedSubnets":["0.0.0.0/0"]}""",
        "default 0x1 ",
        "*flowid 1:30",
        "match 00000000/00000000 at 0"
    )]
    [InlineData("""{"egressRate":16000000,"unshapedSubnets":["::/0"]}""", "default 0x30 ", "*flowid 1:1", "match 00000000/00000000 at 0")]
    [InlineData("""{"egressRate":80000000000,"shapedSubnets":["10.0.0.1/32"]}""", "rate 80Gbit", "*flowid 1:30", "0a000001/ffffffff at 16")]
    public void Shaped_subnets_and_the_widest_have_their_filters(string keys, params string[] parts)
    {
        using var node = new CniNode();
        var pod = node.Attached();
        node.Call("ADD", pod, Config(keys).After(pod)).Succeeded();
        var dump = Dump(node, Ifb);
        Assert.All(parts, part => Assert.Contains(part, dump, StringComparison.Ordinal));
        node.Call("CHECK", pod, Config(keys)).Succeeded();
        node.Call("DEL", pod, Config(keys)).Succeeded();
        node.AssertUnlimited(pod);
    }

    [KernelTheory]
    [InlineData("unshapedSubnets")]
    [InlineData("shapedSubnets")]
    public void Packets_of_both_families_are_in_the_class_of_their_destination(string key)
    {
        using var node = new CniNode();
        var pod = node.Attached();
        foreach (var subnet in (string[])["10.8.0.", "10.9.0.", "fd00:8::", "fd00:9::"])
        {
            var length = subnet.Contains(':', StringComparison.Ordinal) ? "64 nodad" : "24";
            node.Tool($"ip addr add {subnet}1/{length} dev cni0");
            pod.Tool($"ip addr add {subnet}2/{length} dev eth0");
        }

        node.Call("ADD", pod, Config($$"""{{{Rates}},"{{key}}":["10.9.0.0/16","fd00:9::/32"]}""").After(pod)).Succeeded();
        var chosen = key == "unshapedSubnets" ? "1:1" : "1:30";
        foreach (var subnet in (string[])["10.8.0.", "10.9.0.", "fd00:8::", "fd00:9::"])
        {
            var isChosen = subnet.Contains('9', StringComparison.Ordinal);
            var (from, to) = (Sent(node, Ifb, chosen), Sent(node, pod.HostEnd(), chosen));
            pod.Tool($"ping -c 3 -i 0.01 -s 1000 -W 5 {subnet}1");
            Assert.Equal((isChosen, isChosen), (Sent(node, Ifb, chosen) - from > 3000, Sent(node, pod.HostEnd(), chosen) - to > 3000));
        }
    }

    // In bytes.
    private static long Sent(CniNode node, string link, string number) =>
        long.Parse(
            BytesOfClass(number).Match(node.Tool($"tc -s class show dev {link}")).Groups[1].Value,
            System.Globalization.CultureInfo.InvariantCulture
        );

    private static Regex BytesOfClass(string number) =>
        new($@"class htb {number} root.*\n Sent (\d+) bytes", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));

    // That the limited class may borrow up to twice its rate has no effect: there is no class to borrow from.
    [KernelFact]
    public void What_is_limited_has_the_rate_and_what_is_exempt_has_more()
    {
        using var node = new CniNode();
        var pod = node.Attached();
        node.Tool("ip addr add 10.9.0.1/24 dev cni0");
        pod.Tool("ip addr add 10.9.0.2/24 dev eth0");
        var keys = """{"egressRate":40000000,"egressBurst":400000,"unshapedSubnets":["10.9.0.0/16"]}""";
        node.Call("ADD", pod, Config(keys).After(pod)).Succeeded();
        BandwidthRateTests.AssertLimited(node, pod, isToPod: false);
        Assert.True(
            BandwidthRateTests.Measure(node, pod, isToPod: false, "10.9.0.1") > 4 * BandwidthRateTests.Rate,
            "the exempt are limited"
        );
    }

    [KernelTheory]
    [InlineData(Both, Unshaped)]
    [InlineData(Unshaped, Both)]
    [InlineData(Unshaped, Shaped)]
    public void A_repeated_ADD_changes_the_limits_from_one_kind_to_the_other(string first, string second)
    {
        using var node = new CniNode();
        var pod = node.Attached();
        var result = pod.Result;
        node.Call("ADD", pod, Config(second).After(pod)).Succeeded();
        var (wanted, end) = (Dump(node, Ifb), Dump(node, pod.HostEnd()));
        node.Call("DEL", pod, Config(second)).Succeeded();
        foreach (var keys in (string[])[first, second])
        {
            pod.Result = result;
            node.Call("ADD", pod, Config(keys).After(pod)).Succeeded();
        }

        Assert.Equal((wanted, end), (Dump(node, Ifb), Dump(node, pod.HostEnd())));
        node.Call("CHECK", pod, Config(second)).Succeeded();
        Assert.Equal(100, node.Call("CHECK", pod, Config(first)).Code);
        Assert.True(node.Reaches(pod.Address));
    }

    [KernelTheory]
    [InlineData(Unshaped)]
    [InlineData(Both)]
    public void A_repeated_ADD_that_fails_restores_classes_and_filters(string repeated)
    {
        using var node = new CniNode();
        var pod = node.Attached();
        var result = pod.Result;
        node.Call("ADD", pod, Config(Shaped).After(pod)).Succeeded();
        node.Tool($"tc qdisc del dev {Ifb} root");
        node.Tool($"tc qdisc add dev {Ifb} root handle 5: pfifo");
        var (before, end) = (node.Traffic(pod), Dump(node, pod.HostEnd()));
        pod.Result = result;
        var refused = node.Call("ADD", pod, Config(repeated).After(pod));
        Assert.Equal((7, $"create qdisc: {Ifb} has the qdisc pfifo 5: already"), (refused.Code, refused.Message));
        Assert.Equal((before, end), (node.Traffic(pod), Dump(node, pod.HostEnd())));
    }

    // An htb without the plugin's classes is of somebody else.
    [KernelFact]
    public void Another_programs_htb_is_not_replaced()
    {
        using var node = new CniNode();
        var pod = node.Attached();
        node.Tool($"tc qdisc add dev {pod.HostEnd()} root handle 1: htb default 30");
        node.Tool($"tc class add dev {pod.HostEnd()} parent 1: classid 1:30 htb rate 8mbit");
        var before = Dump(node, pod.HostEnd());
        foreach (var keys in (string[])[Both, Unshaped])
        {
            var refused = node.Call("ADD", pod, Config(keys).After(pod));
            Assert.Equal((7, $"create qdisc: {pod.HostEnd()} has the qdisc htb 1: already"), (refused.Code, refused.Message));
            node.Call("DEL", pod, Config(keys)).Succeeded();
            Assert.Equal(before, Dump(node, pod.HostEnd()));
        }
    }

    // 1.5 has an htb without filters where the config has no subnets; a node may still have pods of it.
    [KernelFact]
    public void A_pod_of_the_references_release_1_5_passes_CHECK_and_has_no_limits_after_DEL()
    {
        using var node = new CniNode { Plugins = PluginDirectory.Reference };
        var pod = node.Attached();
        node.Call("ADD", pod, Config(Both).After(pod)).Succeeded();
        Limit(node, Ifb, 2_000_000, 1_562_500);
        Limit(node, pod.HostEnd(), 1_000_000, 1_562_500);
        // The reference's of any release: it looks for another kind, or compares less.
        node.Call("CHECK", pod, Config(Both)).Succeeded();
        node.Plugins = PluginDirectory.Ours;
        node.Call("CHECK", pod, Config(Both)).Succeeded();
        var differs = node.Call("CHECK", pod, Config("""{"ingressRate":8000000,"ingressBurst":800000,"egressRate":8000000}"""));
        Assert.Equal(
            (100, "Rate does not match for the shaped class: 2000000 bytes per second instead of 1000000"),
            (differs.Code, differs.Message)
        );
        node.Call("DEL", pod, Config(Both)).Succeeded();
        node.AssertUnlimited(pod);
    }

    private static void Limit(CniNode node, string name, ulong rate, uint buffer)
    {
        using var host = RouteClient.Open(node.Namespace);
        var link = host.Links.Get(name).Index;
        var batch = new RouteBatch();
        batch.DeleteQdisc(link, TrafficHandle.Root);
        batch.Add(Qdisc.AtRoot(link, new Htb(48)));
        batch.Add(TrafficClass.OfRoot(link, 48, new HtbClass(rate, 2 * rate, buffer, buffer)));
        batch.Add(TrafficClass.OfRoot(link, 1, new HtbClass(100_000_000_000, 100_000_000_000, 0, 0)));
        Assert.Empty(host.TryExecute(batch));
    }

    [KernelFact]
    public void The_references_DEL_removes_what_we_have_made()
    {
        using var node = new CniNode();
        var pod = node.Attached();
        node.Call("ADD", pod, Config(Unshaped).After(pod)).Succeeded();
        node.Plugins = PluginDirectory.Reference;
        node.Call("CHECK", pod, Config(Unshaped)).Succeeded();
        node.Call("DEL", pod, Config(Unshaped)).Succeeded();
        Assert.Empty(node.Ifbs());
    }

    [KernelTheory]
    [InlineData("tc qdisc del dev END root", "Failed to find qdisc")]
    [InlineData("tc qdisc del dev IFB root", "Failed to find qdisc")]
    [InlineData("tc qdisc replace dev IFB root handle 2: tbf rate 16mbit burst 200000 latency 25ms", "Failed to find qdisc")]
    [InlineData("tc class add dev IFB parent 1: classid 1:7 htb rate 9mbit", "Number of htb classes does not match: 3 instead of 2")]
    [InlineData("tc class change dev END classid 1:30 htb rate 9mbit", "Rate does not match for the shaped class: 1125000 bytes")]
    [InlineData("tc class change dev END classid 1:30 htb rate 8mbit ceil 16mbit burst 9000", "Burst buffer size does not match")]
    [InlineData("tc class change dev IFB classid 1:1 htb rate 9mbit", "Rate does not match for the uncapped class: 1125000 instead")]
    [InlineData("tc filter del dev IFB pref 15", "Filters do not match: 1 instead of 2")]
    [InlineData(
        "tc filter add dev END parent 1: pref 16 protocol ip u32 match ip dst 10.7.0.1 flowid 1:1",
        "Filters do not match: 3 instead"
    )]
    [InlineData("tc filter del dev END ingress", "Failed to find filter")]
    public void CHECK_says_what_was_changed(string damage, string difference)
    {
        using var node = new CniNode();
        var pod = node.Attached();
        node.Call("ADD", pod, Config(Unshaped).After(pod)).Succeeded();
        node.Tool(damage.Replace("END", pod.HostEnd(), StringComparison.Ordinal).Replace("IFB", Ifb, StringComparison.Ordinal));
        var output = node.Call("CHECK", pod, Config(Unshaped));
        Assert.Equal(100, output.Code);
        Assert.StartsWith(difference, output.Message, StringComparison.Ordinal);
    }

    [KernelFact]
    public void STATUS_is_well_with_subnets_and_changes_nothing()
    {
        using var node = new CniNode();
        node.Call("STATUS", null, Config(Unshaped, "1.1.0")).Succeeded();
        Assert.Contains("noqueue", node.Tool("tc qdisc show dev lo"), StringComparison.Ordinal);
    }
}
