using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>sbr beside the reference's: an interface whose addresses have tables of their own.</summary>
public sealed class SbrTests
{
    private const string One = """[{"address":"192.168.1.209/24","gateway":"192.168.1.1"}]""";

    private const string Several =
        """[{"address":"192.168.1.209/24","gateway":"192.168.1.1"},{"address":"192.168.101.209/24","gateway":"192.168.101.1"}]""";

    private const string DualStack =
        """[{"address":"192.168.1.209/24","gateway":"192.168.1.1"},{"address":"fd00:1::5/64","gateway":"fd00:1::1"}]""";

    [KernelTheory]
    [InlineData(One, "{}")]
    [InlineData(Several, "{}")]
    [InlineData(DualStack, "{}")]
    [InlineData("""[{"address":"192.168.1.209/24"}]""", "{}")]
    [InlineData(One, """{"cniVersion":"0.3.1"}""")]
    [InlineData(One, """{"cniVersion":"0.4.0"}""")]
    public void Rules_and_routes_are_those_of_the_reference(string ips, string keys) =>
        Transcript.AssertSame(
            PluginDirectory.Reference,
            PluginDirectory.Ours,
            exactErrors: false,
            transcript =>
            {
                var pod = Uplinks.Of(transcript.Node, ips);
                var config = Uplinks.Config(keys, ips);
                transcript.Call("ADD", pod, config).Succeeded();
                Note(transcript, pod);
                transcript.Call("DEL", pod, config).Succeeded();
                transcript.Note("rules", Uplinks.Rules(pod));
            }
        );

    private static void Note(Transcript transcript, CniPod pod)
    {
        transcript.Note("rules", Uplinks.Rules(pod));
        foreach (var table in (string[])["main", "100", "101", "102"])
        {
            foreach (var family in (string[])["-4", "-6"])
                transcript.Note(table, Uplinks.Ordered(pod.TryTool(["ip", family, "route", "show", "table", table]).Output));
        }
    }

    [KernelTheory]
    [InlineData("{}", """{"table":200}""")]
    [InlineData("""{"table":50}""", "{}")]
    [InlineData("""{"table":50}""", """{"table":200}""")]
    public void DEL_removes_the_rules_of_a_table_that_the_config_names_no_more(string atAdd, string atDel)
    {
        using var node = new CniNode();
        var pod = Uplinks.Of(node, DualStack);
        var before = Uplinks.Rules(pod);
        pod.Tool("ip route add 192.168.9.0/24 via 10.0.0.1 table 200");
        node.Call("ADD", pod, Uplinks.Config(atAdd, DualStack)).Succeeded();
        Assert.NotEqual(before, Uplinks.Rules(pod));
        node.Call("DEL", pod, Uplinks.Config(atDel, DualStack)).Succeeded();
        Assert.Equal(before, Uplinks.Rules(pod));
        Assert.Equal("", pod.TryTool(["ip", "route", "show", "table", "100"]).Output);
        Assert.Contains("192.168.9.0/24", pod.Tool("ip route show table 200"), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Answers_leave_by_the_uplink_by_which_requests_came()
    {
        using var node = new CniNode();
        var pod = Uplinks.Of(node, One);
        var config = Uplinks.Config("{}", One);
        // A client beyond the second uplink: the default route by way of the first would lose the answers.
        node.Tool("ip address add 198.51.100.9/32 dev lo");
        Assert.NotEqual(0, node.TryTool(["ping", "-c", "1", "-W", "1", "-I", "198.51.100.9", "192.168.1.209"]).ExitCode);
        node.Call("ADD", pod, config).Succeeded();
        node.Tool("ping -c 1 -W 2 -I 198.51.100.9 192.168.1.209");
        node.Call("CHECK", pod, config).Succeeded();
    }

    // The kernel joins both interfaces' IPv6 default routes to one with two next hops: half of the pod's connections would leave by net1.
    // The reference leaves it so.
    [KernelTheory]
    [InlineData("{}")]
    [InlineData("""{"addSourceHints":true}""")]
    public void An_IPv6_default_route_that_both_interfaces_share_is_divided(string keys)
    {
        using var node = new CniNode();
        var pod = Uplinks.Of(node, DualStack);
        pod.Tool("ip address add fd00:2::5/64 dev eth0 nodad");
        pod.Tool("ip route add default via fd00:2::1 dev eth0");
        pod.Tool("ip route append default via fd00:1::1 dev net1");
        Assert.Equal(2, Hops(pod));
        var config = Uplinks.Config(keys, DualStack);
        node.Call("ADD", pod, config).Succeeded();
        Assert.StartsWith("default via fd00:2::1 dev eth0", pod.Tool("ip -6 route show default"), StringComparison.Ordinal);
        Assert.Contains("default via fd00:1::1 dev net1", pod.Tool("ip -6 route show table 101"), StringComparison.Ordinal);
        var before = Uplinks.State(pod);
        node.Call("ADD", pod, config).Succeeded();
        Assert.Equal(before, Uplinks.State(pod));
        node.Call("CHECK", pod, config).Succeeded();
        node.Call("DEL", pod, config).Succeeded();
        Assert.DoesNotContain("net1", pod.TryTool(["ip", "-6", "route", "show", "table", "101"]).Output, StringComparison.Ordinal);
    }

    private static int Hops(CniPod pod) => pod.Tool("ip -6 route show default").Split("nexthop").Length - 1;

    // The second address has a gateway that no network holds.
    [KernelFact]
    public void A_failed_ADD_joins_it_again()
    {
        const string faulty =
            """[{"address":"fd00:1::5/64","gateway":"fd00:1::1"},{"address":"192.168.1.209/24","gateway":"192.168.1.1"}]""";
        using var node = new CniNode();
        var pod = Uplinks.Of(node, faulty);
        pod.Tool("ip address add fd00:2::5/64 dev eth0 nodad");
        pod.Tool("ip route add default via fd00:2::1 dev eth0");
        pod.Tool("ip route append default via fd00:1::1 dev net1");
        var config = Uplinks.Config("""{"gateways":["9.9.9.9"]}""", faulty);
        Assert.Equal(7, node.Call("ADD", pod, config).Code);
        Assert.Equal(2, Hops(pod));
    }

    // The reference: "network is unreachable", and a rule more each time.
    [KernelFact]
    public void A_repeated_ADD_changes_nothing()
    {
        using var node = new CniNode();
        var pod = Uplinks.Of(node, DualStack);
        var config = Uplinks.Config("{}", DualStack);
        node.Call("ADD", pod, config).Succeeded();
        var before = Uplinks.State(pod);
        node.Call("ADD", pod, config).Succeeded();
        Assert.Equal(before, Uplinks.State(pod));
    }

    // The reference's second ADD fails: table 100 counts as free, and has the first interface's routes.
    [KernelFact]
    public void After_a_DEL_the_tables_are_free_for_the_next_ADD()
    {
        using var node = new CniNode();
        var pod = Uplinks.Of(node, One);
        var config = Uplinks.Config("{}", One);
        node.Call("ADD", pod, config).Succeeded();
        node.Call("DEL", pod, config).Succeeded();
        Assert.Equal("", pod.TryTool(["ip", "route", "show", "table", "100"]).Output);
        node.Call("DEL", pod, config).Succeeded();
        pod.Tool("ip route add 192.168.1.0/24 dev net1 src 192.168.1.209");
        node.Call("ADD", pod, config).Succeeded();
        Assert.Contains("default via 192.168.1.1 dev net1", pod.Tool("ip route show table 100"), StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("ip address flush dev net1")]
    [InlineData("ip link del net1")]
    public void DEL_removes_the_rules_of_addresses_that_are_gone(string damage)
    {
        using var node = new CniNode();
        var pod = Uplinks.Of(node, DualStack);
        var config = Uplinks.Config("{}", DualStack);
        var before = Uplinks.Rules(pod);
        node.Call("ADD", pod, config).Succeeded();
        pod.Tool(damage);
        config.Remove("prevResult");
        node.Call("DEL", pod, config).Succeeded();
        Assert.Equal(before, Uplinks.Rules(pod));
    }

    [KernelFact]
    public void A_table_that_another_has_is_not_taken()
    {
        using var node = new CniNode();
        var pod = Uplinks.Of(node, Several);
        pod.Tool("ip route add 203.0.113.0/24 dev eth0 table 100");
        pod.Tool("ip rule add from 203.0.113.1 lookup 101");
        node.Call("ADD", pod, Uplinks.Config("{}", Several)).Succeeded();
        Assert.Contains("from 192.168.1.209 lookup 102", pod.Tool("ip rule"), StringComparison.Ordinal);
        Assert.Contains("from 192.168.101.209 lookup 103", pod.Tool("ip rule"), StringComparison.Ordinal);
        node.Call("DEL", pod, Uplinks.Config("{}", Several)).Succeeded();
        Assert.Contains("from 203.0.113.1 lookup 101", pod.Tool("ip rule"), StringComparison.Ordinal);
        Assert.Contains("203.0.113.0/24", pod.Tool("ip route show table 100"), StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_table_of_the_config_gets_rules_alone()
    {
        using var node = new CniNode();
        var pod = Uplinks.Of(node, Several);
        var config = Uplinks.Config("""{"table":5000}""", Several);
        var before = Uplinks.Routes(pod);
        node.Call("ADD", pod, config).Succeeded();
        node.Call("ADD", pod, config).Succeeded();
        Assert.Equal(before, Uplinks.Routes(pod));
        var rules = pod.Tool("ip rule");
        Assert.Equal(2, rules.Split("lookup 5000").Length - 1);
        pod.Tool("ip rule add from 192.168.1.209 lookup 7");
        node.Call("CHECK", pod, config).Succeeded();
        node.Call("DEL", pod, config).Succeeded();
        Assert.DoesNotContain("5000", pod.Tool("ip rule"), StringComparison.Ordinal);
        Assert.Contains("from 192.168.1.209 lookup 7", pod.Tool("ip rule"), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Networks_stay_in_the_main_table_where_hints_are_asked_for()
    {
        using var node = new CniNode();
        var pod = Uplinks.Of(node, DualStack);
        node.Call("ADD", pod, Uplinks.Config("""{"addSourceHints":true}""", DualStack)).Succeeded();
        Assert.Contains("192.168.1.0/24 dev net1", pod.Tool("ip route"), StringComparison.Ordinal);
        Assert.Contains("src 192.168.1.209", pod.Tool("ip route show dev net1"), StringComparison.Ordinal);
        Assert.DoesNotContain("192.168.2.0/24", pod.Tool("ip route"), StringComparison.Ordinal);
        Assert.Contains("fe80::/64 dev net1", pod.Tool("ip -6 route"), StringComparison.Ordinal);
        Assert.Contains("fd00:1::/64 dev net1", pod.Tool("ip -6 route"), StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("""{"gateways":["192.168.1.7"]}""", One)]
    [InlineData("{}", """[{"address":"192.168.1.209/24"}]""", """[{"dst":"0.0.0.0/0","gw":"192.168.1.7"}]""")]
    public void The_gateway_is_that_of_the_config_or_of_the_result_s_default_route(string keys, string ips, string routes = "[]")
    {
        using var node = new CniNode();
        var pod = Uplinks.Of(node, ips);
        node.Call("ADD", pod, Uplinks.Config(keys, ips, routes)).Succeeded();
        Assert.Contains("default via 192.168.1.7 dev net1", pod.Tool("ip route show table 100"), StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData(
        """{"gateways":["192.168.1.1","192.168.1.2","fd00::1"]}""",
        "gateways list cannot contain more than 2 entries (one IPv4, one IPv6)"
    )]
    [InlineData(
        """{"gateways":["192.168.1.1","192.168.1.2"]}""",
        "gateways list contains multiple IPv4 addresses: 192.168.1.1 and 192.168.1.2"
    )]
    [InlineData("""{"gateways":["x"]}""", "invalid static gateway IP address: x")]
    [InlineData("""{"table":0}""", "invalid table 0")]
    [InlineData("""{"gateways":["10.99.0.1"]}""", "Failed to add default route to 10.99.0.1: network is unreachable")]
    public void What_is_wrong_is_refused_and_leaves_everything_as_it_was(string keys, string message)
    {
        using var node = new CniNode();
        var pod = Uplinks.Of(node, One);
        var before = Uplinks.State(pod);
        var refused = node.Call("ADD", pod, Uplinks.Config(keys, One));
        Assert.Equal((7, message), (refused.Code, refused.Message));
        Assert.Equal(before, Uplinks.State(pod));
    }

    [KernelTheory]
    [InlineData("""{"cniVersion":"0.2.0"}""", "This plugin must be called as chained plugin")]
    [InlineData("{}", "No IP addresses supplied on interface: net1")]
    public void Without_addresses_of_an_earlier_plugin_it_is_refused(string keys, string message)
    {
        using var node = new CniNode();
        var pod = Uplinks.Of(node, One);
        var config = Uplinks.Config(keys, "[]");
        if (keys != "{}")
            config.Remove("prevResult");
        var refused = node.Call("ADD", pod, config);
        Assert.Equal((7, message), (refused.Code, refused.Message));
    }

    [KernelTheory]
    [InlineData("ip rule del from 192.168.1.209", "no rule from 192.168.1.209 to a table of net1")]
    [InlineData("ip route flush table 100", "table 100 of 192.168.1.209 has no default route to 192.168.1.1 on net1")]
    public void CHECK_says_what_is_missing(string damage, string message)
    {
        using var node = new CniNode();
        var pod = Uplinks.Of(node, One);
        node.Call("ADD", pod, Uplinks.Config("{}", One)).Succeeded();
        pod.Tool(damage);
        var output = node.Call("CHECK", pod, Uplinks.Config("{}", One));
        Assert.Equal((100, message), (output.Code, output.Message));
    }

    // The reference's DEL makes a file of the path.
    [KernelFact]
    public void DEL_of_a_namespace_that_is_gone_makes_nothing()
    {
        using var node = new CniNode();
        var pod = Uplinks.Of(node, One);
        node.Call("DEL", pod, Uplinks.Config("{}", One), "CNI_NETNS=/run/netns/gone").Succeeded();
        Assert.NotEqual(0, node.TryTool(["test", "-e", "/run/netns/gone"]).ExitCode);
    }

    [KernelFact]
    public void Each_removes_the_rules_of_the_other()
    {
        foreach (
            var (first, second) in ((string, string)[])
                [(PluginDirectory.Ours, PluginDirectory.Reference), (PluginDirectory.Reference, PluginDirectory.Ours)]
        )
        {
            using var node = new CniNode();
            var pod = Uplinks.Of(node, Several);
            var before = Uplinks.Rules(pod);
            node.Plugins = first;
            node.Call("ADD", pod, Uplinks.Config("{}", Several)).Succeeded();
            Assert.NotEqual(before, Uplinks.Rules(pod));
            node.Plugins = second;
            node.Call("CHECK", pod, Uplinks.Config("{}", Several)).Succeeded();
            node.Call("DEL", pod, Uplinks.Config("{}", Several)).Succeeded();
            Assert.Equal(before, Uplinks.Rules(pod));
        }
    }
}
