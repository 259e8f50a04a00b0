using System.Text.RegularExpressions;
using Plugboard.Coordinator.Reconciling;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Nftables;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Coordinator.Pods;

/// <summary>
/// A change in the plugins' tables is seen by what it does, whatever names and comments say: CHECK names it, the next ADD and
/// the coordinator make it right, with what all pods have.
/// </summary>
public sealed class ChangedTableTests
{
    private const string Portmap = "inet plugboard_portmap";
    private const string Masquerade = "inet plugboard_masquerade";
    private const string MacSpoof = "bridge plugboard_macspoof";

    private static PodHostPorts WithConditions(PodHostPorts forward) =>
        forward with
        {
            ConditionsV4 = ["ip", "saddr", "{ 192.0.2.0/24, 198.51.100.7 }"],
        };

    private static PodNode Node()
    {
        var node = new PodNode();
        node.Add(1);
        node.Add(2, WithConditions);
        Assert.Empty(node.Sync(SyncCause.Start));
        Assert.Null(node.Check(1));
        Assert.Null(node.Check(2, WithConditions));
        node.Hear();
        return node;
    }

    // How nft lists a table, with something changed, in its place: a regular expression and what comes instead.
    private static void Reload(PodNode node, string table, string what, string with)
    {
        var listed = node.Tool($"nft list table {table}");
        var changed = new Regex(what).Replace(listed, with, 1);
        Assert.True(listed != changed || what == with, $"nothing is like {what} in\n{listed}");
        var (exitCode, _, error) = node.TryTool(["nft", "-f", "-"], $"delete table {table}\n{changed}");
        Assert.True(exitCode == 0, error + changed);
    }

    private static ListedRule Rule(PodNode node, string table, string comment)
    {
        var family = table.StartsWith("bridge", StringComparison.Ordinal) ? NftFamily.Bridge : NftFamily.Inet;
        return node.Client.ListRules(new Table(family, table.Split(' ')[1])).First(rule => rule.Comment == comment);
    }

    private static void Script(PodNode node, string script)
    {
        var (exitCode, _, error) = node.TryTool(["nft", "-f", "-"], script + "\n");
        Assert.True(exitCode == 0, error + script);
    }

    public static TheoryData<string, string, string, string> Reloads =>
        new()
        {
            {
                Portmap,
                "type nat hook postrouting priority srcnat; policy accept;",
                "",
                "chain inet plugboard_portmap postrouting is only jumped to"
            },
            { Portmap, "hook prerouting priority dstnat;", "hook prerouting priority 0;", "priority 0" },
            { Portmap, "type filter hook prerouting priority raw;", "type filter hook output priority raw;", "hook output" },
            { Portmap, "priority srcnat; policy accept", "priority srcnat; policy drop", "policy drop" },
            { Portmap, @"meta nfproto ipv4 dnat ip to meta l4proto \. th dport map @ports4", "drop", "the rule \"IPv4, all addresses\"" },
            { Portmap, "vmap @conditional4 comment", "vmap @conditional6 comment", "IPv4, all addresses: pods with conditions" },
            {
                Portmap,
                @"tcp \. 8001 comment ""([^""]*)"" : 10\.244\.0\.3 \. 80",
                @"tcp . 8001 comment ""$1"" : 10.244.0.99 . 80",
                "host port 8001/tcp leads elsewhere"
            },
            {
                Portmap,
                @"tcp \. 8001 comment ""([^""]*)"" : 10\.244\.0\.3 \. 80",
                @"tcp . 8001 timeout 1h comment ""$1"" : 10.244.0.3 . 80",
                "host port 8001/tcp leads elsewhere"
            },
            { Portmap, @"tcp \. 8002 comment ""([^""]*)"" : jump [^ ]*", @"tcp . 8002 comment ""$1"" : drop", "host port 8002/tcp" },
            {
                Portmap,
                @"198\.51\.100\.7, 192\.0\.2\.0/24|192\.0\.2\.0/24, 198\.51\.100\.7",
                "192.0.2.0/24, 198.51.100.8",
                "lacks the rule"
            },
            { Portmap, @"dnat ip to 10\.244\.0\.4:80", "dnat ip to 10.244.0.5:80", "lacks the rule" },
            { Masquerade, @"(set pods4 \{\s+type ipv4_addr\s+flags) timeout\s+gc-interval 1m", "$1 timeout; timeout 1d", "the set pods4" },
            { Masquerade, @"ip saddr @pods4 jump leaving", "ip saddr @pods4 accept", "only what pods send" },
            { Masquerade, @"chain leaving \{", "chain extra { counter; }\nchain leaving {", "a chain that is not ours: extra" },
            { Masquerade, @"set pods4 \{", "set extra { type ipv4_addr; }\nset pods4 {", "a set that is not ours: extra" },
            { Masquerade, @"masquerade comment ""all else", @"return comment ""all else", "all else leaves" },
            {
                MacSpoof,
                "type filter hook prerouting priority dstnat; policy accept;",
                "type filter hook prerouting priority 0; policy accept;",
                "priority 0"
            },
            { MacSpoof, @"iifname @checked_links drop", "iifname @checked_links accept", "any other from a pod" },
            { MacSpoof, @"(?s)\s*iifname @checked_links drop comment ""[^""]*""", "", "lacks the rule" },
        };

    [KernelTheory]
    [MemberData(nameof(Reloads))]
    public void A_table_that_was_loaded_with_a_change_is_named_by_CHECK_and_made_right(string table, string what, string with, string named)
    {
        using var node = Node();
        var before = node.Ruleset();
        Reload(node, table, what, with);
        Assert.Contains(named, node.Check(1) ?? node.Check(2, WithConditions), StringComparison.Ordinal);

        Assert.NotEmpty(node.Hear());

        AssertRight(node, before);
    }

    [KernelTheory]
    [MemberData(nameof(Reloads))]
    public void The_next_ADD_makes_right_what_was_loaded_with_a_change(string table, string what, string with, string named)
    {
        // What is of one pod only is that pod's ADD's.
        if (named.StartsWith("host port", StringComparison.Ordinal) || (named == "lacks the rule" && table == Portmap))
            return;
        using var node = Node();
        Reload(node, table, what, with);

        node.Add(3);

        Assert.Null(node.Check(3));
        Assert.Null(node.Check(1));
        Assert.Null(node.Check(2, WithConditions));
        node.Hear();
        Assert.Empty(node.Sync(SyncCause.Audit));
    }

    public static TheoryData<string, string> Edits =>
        new()
        {
            { $"add chain {Portmap} prerouting {{ policy drop; }}", "policy drop" },
            { $"add chain {MacSpoof} prerouting {{ policy drop; }}", "policy drop" },
            { $"add table {Portmap} {{ flags dormant; }}", "is dormant" },
            { $"add table {MacSpoof} {{ flags dormant; }}", "is dormant" },
            { $"insert rule {Portmap} hostports tcp dport 8001 drop", "a rule that is not ours: handle" },
            { $"add rule {Masquerade} postrouting accept", "a rule that is not ours: handle" },
            { $"insert rule {MacSpoof} prerouting accept", "a rule that is not ours: handle" },
            { $"flush chain {Masquerade} postrouting\ndelete chain {Masquerade} postrouting", "lacks the chain postrouting" },
            { $"flush table {Portmap}", "lacks the rule" },
        };

    [KernelTheory]
    [MemberData(nameof(Edits))]
    public void A_change_in_place_is_named_by_CHECK_and_made_right(string script, string named)
    {
        using var node = Node();
        var before = node.Ruleset();
        Script(node, script);
        Assert.Contains(named, node.Check(1) ?? node.Check(2, WithConditions), StringComparison.Ordinal);

        Assert.NotEmpty(node.Hear());

        AssertRight(node, before);
    }

    [KernelTheory]
    [InlineData(Portmap, "IPv4, all addresses")]
    [InlineData(Portmap, "only what is for this node itself")]
    [InlineData(Masquerade, "only what pods send")]
    [InlineData(MacSpoof, "the pod's own address")]
    public void A_rule_whose_body_was_replaced_under_its_own_comment_is_written_again(string table, string comment)
    {
        using var node = Node();
        var before = node.Ruleset();
        foreach (var repair in (Action[])[() => node.Hear(), () => node.Add(3)])
        {
            var rule = Rule(node, table, comment);
            Script(node, $"replace rule {rule.Chain} handle {rule.Handle} counter comment \"{comment}\"");
            var named = $"the rule \"{comment}\" of chain {rule.Chain} says something else: handle";
            Assert.StartsWith(named, node.Check(1), StringComparison.Ordinal);

            repair();

            Assert.Null(node.Check(1));
        }

        node.Delete(3);
        node.Hear();
        AssertRight(node, before);
    }

    [KernelFact]
    public void Rules_in_another_order_are_written_again()
    {
        using var node = Node();
        var before = node.Ruleset();
        var last = Rule(node, Masquerade, "all else leaves with the node's address");
        Script(
            node,
            $"delete rule {Masquerade} leaving handle {last.Handle}\n"
                + $"insert rule {Masquerade} leaving masquerade comment \"{last.Comment}\""
        );
        Assert.Contains("have another order", node.Check(1), StringComparison.Ordinal);

        Assert.NotEmpty(node.Hear());

        AssertRight(node, before);
    }

    [KernelTheory]
    [InlineData(Portmap)]
    [InlineData(Masquerade)]
    [InlineData(MacSpoof)]
    public void A_table_as_nft_saves_and_loads_it_is_right(string table)
    {
        using var node = Node();
        Reload(node, table, "", "");
        Assert.Null(node.Check(1));
        Assert.Null(node.Check(2, WithConditions));
        Assert.Empty(node.Hear());
        node.Add(3);
        Assert.Null(node.Check(1));
    }

    public static TheoryData<string> Layouts =>
        [
            "add set inet plugboard_portmap ports4 { type ipv4_addr; }",
            """
                add map inet plugboard_portmap ports4 { type inet_service : ipv4_addr . inet_service; }
                add chain inet plugboard_portmap nat { type nat hook prerouting priority -100; }
                add rule inet plugboard_portmap nat dnat ip to tcp dport map @ports4
                """,
            "add chain inet plugboard_portmap hostports { type nat hook prerouting priority -100; }",
        ];

    [KernelTheory]
    [MemberData(nameof(Layouts))]
    public void A_table_of_another_layout_is_made_again_with_all_pods_parts_by_the_first_that_meets_it(string older)
    {
        foreach (var meets in (string[])["coordinator", "ADD", "DEL", "repeated ADD"])
        {
            using var node = Node();
            var before = node.Ruleset();
            Script(node, $"delete table {Portmap}\nadd table {Portmap}\n{older}");

            switch (meets)
            {
                case "coordinator":
                    node.Hear();
                    break;
                case "ADD":
                    node.Add(3);
                    break;
                case "repeated ADD":
                    node.Publish(PodNode.Ports(1));
                    break;
                default:
                    node.Delete(2);
                    break;
            }

            // A DEL that finds nothing of its pod has nothing to change: it succeeds.
            if (meets == "DEL")
            {
                node.Add(4);
                Assert.Null(node.Check(4));
                Assert.Null(node.Check(1));
                continue;
            }

            Assert.Null(node.Check(1));
            Assert.Null(node.Check(2, WithConditions));
            if (meets == "ADD")
                node.Delete(3);
            node.Hear();
            AssertRight(node, before);
        }
    }

    private static void AssertRight(PodNode node, IReadOnlyList<string> before)
    {
        Assert.Equal(before, node.Ruleset());
        Assert.Null(node.Check(1));
        Assert.Null(node.Check(2, WithConditions));
        Assert.Empty(node.Sync(SyncCause.Audit));
    }
}
