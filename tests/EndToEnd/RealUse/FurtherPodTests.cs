using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>
/// Pods of firewall beside others, where iptables is iptables-nft: their rules are the kernel's to add, to find and to delete, and the
/// tools are started for what is in any other form.
/// </summary>
public sealed class FurtherPodTests
{
    [KernelFact]
    public void A_pod_beside_another_comes_is_checked_and_goes_without_a_process()
    {
        using var node = new FirewallNode();
        var first = node.Attach(isDualStack: true);
        var further = node.Attach(first, isDualStack: true);
        Assert.InRange(node.CountProcesses("ADD", first), 1, 4);
        foreach (var verb in (string[])["ADD", "CHECK", "ADD", "DEL", "DEL"])
            Assert.Equal((verb, 0), (verb, node.CountProcesses(verb, further)));
        Assert.Equal(4, AcceptsIn(node));
        Assert.Equal(0, node.CountProcesses("DEL", first));
        Assert.Equal(0, AcceptsIn(node));
    }

    [KernelFact]
    public void The_rules_are_those_of_the_tools_which_find_and_delete_them()
    {
        using var node = new FirewallNode();
        var first = node.Attach(isDualStack: true);
        var further = node.Attach(first, isDualStack: true);
        node.Call("ADD", first).Succeeded();
        Assert.Equal(0, node.CountProcesses("ADD", further));
        foreach (var (tool, address) in (ReadOnlySpan<(string, string)>)[("iptables", "10.1.0.3/32"), ("ip6tables", "fd00:1::3/128")])
        {
            string[] rules = [$"-d {address} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", $"-s {address} -j ACCEPT"];
            foreach (var rule in rules)
            {
                node.Node.Tool($"{tool} -C CNI-FORWARD {rule}");
                node.Node.Tool($"{tool} -D CNI-FORWARD {rule}");
                node.Node.Tool($"{tool} -A CNI-FORWARD {rule}");
            }
        }

        Assert.Equal(0, node.CountProcesses("CHECK", further));
        Assert.Equal(0, node.CountProcesses("DEL", further));
        Assert.Equal(4, AcceptsIn(node));
    }

    [KernelTheory]
    [InlineData("-A CNI-FORWARD -s 10.1.0.3/32 -j ACCEPT")]
    [InlineData("-A CNI-FORWARD -d 10.1.0.3/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")]
    [InlineData("-F FORWARD")]
    [InlineData("-D CNI-FORWARD 1")]
    public void What_a_further_pod_has_already_or_the_chain_has_not_is_seen(string change)
    {
        using var node = new FirewallNode();
        var first = node.Attach();
        var further = node.Attach(first);
        node.Call("ADD", first).Succeeded();
        node.Node.Tool($"iptables {change}");
        node.Call("ADD", further).Succeeded();
        node.Call("CHECK", first).Succeeded();
        node.Call("CHECK", further).Succeeded();
        Assert.Equal(4, AcceptsIn(node));
    }

    [KernelFact]
    public void A_rule_of_another_kind_for_the_address_stays()
    {
        using var node = new FirewallNode();
        var first = node.Attach();
        var further = node.Attach(first);
        node.Call("ADD", first).Succeeded();
        node.Node.Tool("iptables -A CNI-FORWARD -s 10.1.0.3/32 -p tcp -m tcp --dport 25 -j ACCEPT");
        node.Call("ADD", further).Succeeded();
        node.Call("CHECK", further).Succeeded();
        Assert.Equal(5, AcceptsIn(node));
        node.Call("DEL", further).Succeeded();
        Assert.Equal(3, AcceptsIn(node));
        Assert.Contains("--dport 25", node.Rules(), StringComparison.Ordinal);
    }

    [KernelFact]
    public void Where_iptables_has_become_iptables_legacy_its_table_gets_the_rules()
    {
        using var node = new FirewallNode();
        var first = node.Attach();
        var further = node.Attach(first);
        node.Call("ADD", first).Succeeded();
        node.UseVariant("legacy");
        node.Call("ADD", further).Succeeded();
        node.Call("CHECK", further).Succeeded();
        Assert.Contains("-A CNI-FORWARD -s 10.1.0.3/32 -j ACCEPT", node.Rules("-legacy"), StringComparison.Ordinal);
        Assert.DoesNotContain("10.1.0.3", node.Rules("-nft"), StringComparison.Ordinal);
        node.Call("DEL", first).Succeeded();
        node.Call("DEL", further).Succeeded();
        Assert.DoesNotContain("-j ACCEPT", node.Rules("-legacy") + node.Rules("-nft"), StringComparison.Ordinal);
    }

    private static int AcceptsIn(FirewallNode node) =>
        node.Rules().Split('\n').Count(static rule => rule.EndsWith("-j ACCEPT", StringComparison.Ordinal));
}
