using Plugboard.Firewall;
using Plugboard.Firewall.Conditions;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Ports;
using Plugboard.Testing;

namespace Plugboard.Tests.Kernel.Firewall.Pods;

/// <summary>A second ADD for a living container replaces what the first one made, or changes nothing.</summary>
public sealed class RepeatedAddTests
{
    private static readonly PodHostPorts First = FirewallNode.Forward("c", "a", 1, "8080/tcp", "8081/udp");

    private static PodHostPorts Second(params string[] ports) =>
        First with
        {
            Ports = [.. ports.Select(port => PortMapping.TryParse(port, 81)!)],
        };

    private static (string Rules, string Record) State(FirewallNode node)
    {
        node.Tool("sleep 0.02");
        return (node.Tool("nft list ruleset"), node.Tool($"cat /run/plugboard/portmap/{First.Owner.Tag}"));
    }

    [KernelTheory]
    [InlineData(FirewallBackend.Nftables)]
    [InlineData(FirewallBackend.Iptables)]
    public void One_that_is_refused_for_a_taken_port_leaves_rules_and_record_as_they_are(FirewallBackend first)
    {
        using var node = new FirewallNode();
        node.Publish(FirewallNode.Forward("other", "a", 2, "9090/tcp"));
        node.Publish(First, first);
        var before = State(node);

        Assert.Throws<PortTakenException>(() => node.Publish(Second("8080/tcp", "9090/tcp")));

        Assert.Equal(before, State(node));
        Assert.Null(node.Check(First));
    }

    [KernelTheory]
    [InlineData(FirewallBackend.Nftables)]
    [InlineData(FirewallBackend.Iptables)]
    public void One_whose_conditions_are_refused_leaves_rules_and_record_as_they_are(FirewallBackend first)
    {
        using var node = new FirewallNode();
        node.Publish(First, first);
        var before = State(node);

        Assert.Throws<ConditionException>(() => node.Publish(Second("8082/tcp") with { ConditionsV4 = ["nonsense"] }));
        var next = Second("8082/tcp");
        Assert.Throws<IptablesException>(() => node.Publish(next with { ConditionsV6 = ["--nonsense"] }, FirewallBackend.Iptables));
        var tooLong = new string('x', 2000);
        Assert.Throws<IptablesWordException>(() => node.Publish(next with { ConditionsV6 = [tooLong] }, FirewallBackend.Iptables));

        node.Tool("sleep 0.02");
        Assert.Equal(before.Record, State(node).Record);
        Assert.Null(node.Check(First));
        Assert.DoesNotContain("8082", State(node).Rules, StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData(FirewallBackend.Nftables, FirewallBackend.Nftables)]
    [InlineData(FirewallBackend.Nftables, FirewallBackend.Iptables)]
    [InlineData(FirewallBackend.Iptables, FirewallBackend.Nftables)]
    [InlineData(FirewallBackend.Iptables, FirewallBackend.Iptables)]
    public void One_that_succeeds_replaces_and_its_rollback_brings_the_first_back(FirewallBackend first, FirewallBackend second)
    {
        using var node = new FirewallNode();
        node.Publish(First, first);
        var record = State(node).Record;
        var next = Second("8080/tcp", "8082/tcp") with { IPv6 = null };

        var before = node.Publish(next, second);

        Assert.Null(node.Check(next));
        Assert.DoesNotContain("8081", State(node).Rules, StringComparison.Ordinal);
        Assert.DoesNotContain("fd00:1::2", State(node).Rules, StringComparison.Ordinal);
        Assert.DoesNotContain("replacing", State(node).Record, StringComparison.Ordinal);
        node.With(rules =>
        {
            rules.Undo(next, before);
            return 0;
        });
        Assert.Equal(record, State(node).Record);
        Assert.Null(node.Check(First));
        Assert.DoesNotContain("8082", State(node).Rules, StringComparison.Ordinal);
        node.Withdraw(First);
        node.Tool("sleep 0.02");
        Assert.DoesNotContain("10.1.0.2", node.Tool("nft list ruleset"), StringComparison.Ordinal);
        Assert.Empty(node.Files("portmap"));
    }

    [KernelTheory]
    [InlineData("8080/tcp")]
    [InlineData("8080/tcp", "8081/udp", "8082/tcp")]
    [InlineData("8083/tcp")]
    public void Of_one_that_was_killed_half_way_DEL_takes_all_away(params string[] ports)
    {
        using var node = new FirewallNode();
        // The kernel has the first one's, or the second one's, and the record says that it may be either.
        foreach (var (has, says) in new[] { (First, Second(ports)), (Second(ports), First) })
        {
            node.Publish(has);
            node.Run(() => FirewallNode.Portmap.Write(says.ToRecord().Replacing()));
            node.Withdraw(says);
            node.Tool("sleep 0.02");
            Assert.DoesNotContain("10.1.0.2", node.Tool("nft list ruleset"), StringComparison.Ordinal);
            Assert.Empty(node.Files("portmap"));
        }
    }

    [KernelFact]
    public void A_port_that_a_repeated_ADD_gives_up_goes_to_who_waits_for_it()
    {
        using var node = new FirewallNode();
        node.Publish(First);
        node.Publish(FirewallNode.Forward("c", "b", 2, "8080/tcp"));
        node.Publish(Second("8082/tcp"));
        Assert.Equal(["tcp . 8080 : 10.2.0.2 . 80", "tcp . 8082 : 10.1.0.2 . 81"], node.Ports());
    }

    [KernelFact]
    public void The_rollback_of_bridge_brings_back_what_a_living_attachment_had()
    {
        using var node = new FirewallNode();
        node.AddLink("v1");
        var first = FirewallNode.Traffic("c", "a", 1, "v1");
        var second = FirewallNode.Traffic("c", "a", 2, "v1");
        node.WithTraffic(firewall => firewall.Apply(first, FirewallBackend.Nftables));

        node.WithTraffic(firewall =>
        {
            firewall.Undo(second, firewall.Apply(second, FirewallBackend.Nftables));
            return 0;
        });

        Assert.Null(node.WithTraffic(firewall => firewall.FindDifference(first)));
        Assert.Equal(["10.1.0.2"], node.Elements("inet plugboard_masquerade", "pods4"));
        Assert.Equal(["\"v1\""], node.Elements("bridge plugboard_macspoof", "checked_links"));
    }

    [KernelFact]
    public void The_rollback_of_bridge_for_an_attachment_that_was_dead_takes_all_away()
    {
        using var node = new FirewallNode();
        var (first, second) = (FirewallNode.Traffic("c", "a", 1, "gone"), FirewallNode.Traffic("c", "a", 2, "gone"));
        node.WithTraffic(firewall => firewall.Apply(first, FirewallBackend.Nftables));
        node.WithTraffic(firewall =>
        {
            firewall.Undo(second, firewall.Apply(second, FirewallBackend.Nftables));
            return 0;
        });
        Assert.Empty(node.Elements("inet plugboard_masquerade", "pods4"));
        Assert.Empty(node.Files("bridge"));
    }

    [KernelFact]
    public void Ports_without_end_are_refused_before_anything_is_made()
    {
        using var node = new FirewallNode();
        var ports = Enumerable
            .Range(0, 700_000)
            .Select(static i => new PortMapping((ushort)(i % 65_000 + 1), 80, PortProtocol.Tcp, Addresses.IPAddr.V6((UInt128)i)))
            .ToList();
        Assert.Throws<PodRecordException>(() => node.Publish(First with { Ports = ports }));
        Assert.Equal("", node.Tool("nft list ruleset"));
        Assert.Empty(node.Files("portmap"));
    }
}
