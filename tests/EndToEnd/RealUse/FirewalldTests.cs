using System.Diagnostics;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>firewall with firewalld: a real bus, and a service that keeps zones as firewalld does.</summary>
public sealed class FirewalldTests
{
    private const string Firewalld = """{"backend":"firewalld"}""";

    [KernelTheory]
    [InlineData(Firewalld, "trusted")]
    [InlineData("{}", "trusted")]
    [InlineData("""{"backend":"firewalld","firewalldZone":"pods"}""", "pods")]
    public void A_pod_s_addresses_are_in_the_zone_from_its_ADD_to_its_DEL_as_by_the_reference(string keys, string zone)
    {
        Assert.Equal(Play(PluginDirectory.Reference), Play(PluginDirectory.Ours));

        string Play(string plugins)
        {
            using var node = new FirewallNode();
            using var firewalld = new ScriptedFirewalld(node.Node);
            node.Node.Variables = [firewalld.Variable];
            var pod = node.Attach(isDualStack: true);
            node.Call("ADD", pod, keys, plugins).Succeeded();
            Assert.Equal(zone, firewalld.Sources["10.1.0.2/32"]);
            Assert.Equal(zone, firewalld.Sources["fd00:1::2/128"]);
            node.Call("CHECK", pod, keys, plugins).Succeeded();
            node.Call("DEL", pod, keys, plugins).Succeeded();
            Assert.Empty(firewalld.Sources);
            node.Call("DEL", pod, keys, plugins).Succeeded();
            Assert.DoesNotContain("-j ACCEPT", node.Rules(), StringComparison.Ordinal);
            return string.Join('\n', firewalld.Calls.Take(6));
        }
    }

    [KernelFact]
    public void A_zone_that_has_the_address_is_right_and_another_one_is_named()
    {
        using var node = new FirewallNode();
        using var firewalld = new ScriptedFirewalld(node.Node);
        node.Node.Variables = [firewalld.Variable];
        var pod = node.Attach();
        firewalld.Sources["10.1.0.2/32"] = "trusted";
        node.Call("ADD", pod, Firewalld).Succeeded();
        node.Call("DEL", pod, Firewalld).Succeeded();
        firewalld.Sources["10.1.0.2/32"] = "public";
        var refused = node.Call("ADD", pod, Firewalld);
        Assert.Equal(7, refused.Code);
        Assert.Contains("has 10.1.0.2/32 in the zone public", refused.Message, StringComparison.Ordinal);
        Assert.Equal("public", firewalld.Sources["10.1.0.2/32"]);
        Assert.Equal("", node.Records());
    }

    [KernelFact]
    public void After_a_reload_CHECK_says_what_is_missing_and_the_next_ADD_puts_it_back()
    {
        using var node = new FirewallNode();
        using var firewalld = new ScriptedFirewalld(node.Node);
        node.Node.Variables = [firewalld.Variable];
        var pod = node.Attach();
        node.Call("ADD", pod, Firewalld).Succeeded();
        firewalld.Sources.Clear();
        var output = node.Call("CHECK", pod, Firewalld);
        Assert.Equal((100, "firewalld does not have 10.1.0.2/32 in the zone trusted"), (output.Code, output.Message));
        node.Call("ADD", pod, Firewalld).Succeeded();
        node.Call("CHECK", pod, Firewalld).Succeeded();
    }

    [KernelTheory]
    [InlineData("""{"backend":"iptables"}""", Firewalld, "the pod is accepted by the backend iptables, and the config has firewalld")]
    [InlineData(Firewalld, """{"backend":"iptables"}""", "the pod is accepted by the backend firewalld, and the config has iptables")]
    [InlineData(Firewalld, """{"backend":"nftables"}""", "the pod is accepted by the backend firewalld, and the config has nftables")]
    [InlineData(Firewalld, """{"firewalldZone":"pods"}""", "the pod is in firewalld's zone trusted, and the config has pods")]
    [InlineData("""{"firewalldZone":"pods"}""", Firewalld, "the pod is in firewalld's zone pods, and the config has trusted")]
    public void CHECK_says_that_the_config_has_another_backend_or_zone_than_at_ADD(string added, string now, string difference)
    {
        using var node = new FirewallNode();
        using var firewalld = new ScriptedFirewalld(node.Node);
        node.Node.Variables = [firewalld.Variable];
        var pod = node.Attach();
        node.Call("ADD", pod, added).Succeeded();
        // Without a backend it is the one of ADD, also if firewalld has started since.
        if (added.Contains("iptables", StringComparison.Ordinal))
            node.Call("CHECK", pod, "{}").Succeeded();
        var output = node.Call("CHECK", pod, now);
        Assert.Equal((100, difference), (output.Code, output.Message));
        Assert.Equal("the network config has another value than at ADD", output.Details);
        node.Call("DEL", pod, now).Succeeded();
        Assert.Empty(firewalld.Sources);
    }

    [KernelFact]
    public void A_repeated_ADD_by_another_backend_takes_the_place_of_the_first_or_leaves_it()
    {
        using var node = new FirewallNode();
        using var firewalld = new ScriptedFirewalld(node.Node);
        node.Node.Variables = [firewalld.Variable];
        var pod = node.Attach();
        node.Call("ADD", pod).Succeeded();
        firewalld.Sources["10.1.0.2/32"] = "public";
        Assert.Equal(7, node.Call("ADD", pod, Firewalld).Code);
        node.Call("CHECK", pod).Succeeded();
        Assert.Contains("-A CNI-FORWARD -s 10.1.0.2/32 -j ACCEPT", node.Rules(), StringComparison.Ordinal);
        firewalld.Sources.Clear();
        node.Call("ADD", pod, Firewalld).Succeeded();
        node.Call("CHECK", pod, Firewalld).Succeeded();
        Assert.DoesNotContain("-j ACCEPT", node.Rules(), StringComparison.Ordinal);
        node.Call("ADD", pod).Succeeded();
        Assert.Empty(firewalld.Sources);
        node.Call("DEL", pod, Firewalld).Succeeded();
        Assert.DoesNotContain("-j ACCEPT", node.Rules(), StringComparison.Ordinal);
        Assert.Equal("", node.Records());
    }

    [KernelFact]
    public void The_coordinator_gives_zones_and_iptables_back_what_a_reload_took()
    {
        using var node = new FirewallNode();
        using var firewalld = new ScriptedFirewalld(node.Node);
        node.Node.Variables = [firewalld.Variable];
        var (one, other) = (node.Attach(), node.Attach());
        node.Call("ADD", one, Firewalld).Succeeded();
        node.Call("ADD", other).Succeeded();
        firewalld.Sources.Clear();
        node.Node.Tool("iptables -F");
        node.Node.Tool("iptables -X");
        var coordinator = Path.Combine(PluginDirectory.Ours, "coordinator");
        var (exitCode, output, error) = node.Node.TryTool(["env", firewalld.Variable, coordinator, "apply", "--source", "none"]);
        Assert.True(exitCode == 0, output + error);
        Assert.Contains("add source 10.1.0.2/32 to firewalld's zone trusted", output + error, StringComparison.Ordinal);
        node.Call("CHECK", one, Firewalld).Succeeded();
        node.Call("CHECK", other).Succeeded();
    }

    [KernelFact]
    public void The_late_DEL_of_a_pod_leaves_the_source_of_the_next_one_with_its_address()
    {
        using var node = new FirewallNode();
        using var firewalld = new ScriptedFirewalld(node.Node);
        node.Node.Variables = [firewalld.Variable];
        var (old, next) = (node.Attach(), node.Node.AddPod());
        node.Call("ADD", old, Firewalld).Succeeded();
        next.Result = old.Result!.DeepClone();
        node.Call("ADD", next, Firewalld).Succeeded();
        node.Call("DEL", old, Firewalld).Succeeded();
        node.Call("CHECK", next, Firewalld).Succeeded();
        node.Call("DEL", next, Firewalld).Succeeded();
        Assert.Empty(firewalld.Sources);
    }

    [KernelFact]
    public void Without_firewalld_an_ADD_that_asks_for_it_is_refused_STATUS_says_so_and_DEL_succeeds()
    {
        using var node = new FirewallNode();
        using var bus = new ScriptedFirewalld(node.Node, hasService: false);
        foreach (var variable in (string[])[bus.Variable, "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere"])
        {
            node.Node.Variables = [variable];
            var pod = node.Attach();
            var refused = node.Call("ADD", pod, Firewalld);
            Assert.Equal(2, refused.Code);
            Assert.StartsWith("firewalld does not run: ", refused.Message, StringComparison.Ordinal);
            var status = node.Call("STATUS", pod, """{"cniVersion":"1.1.0","backend":"firewalld"}""");
            Assert.Equal((50, "firewalld is not on the system bus"), (status.Code, status.Message));
            node.Call("DEL", pod, Firewalld).Succeeded();
            // Without a backend it is iptables then.
            node.Call("ADD", pod, "{}").Succeeded();
            Assert.Contains("-j CNI-FORWARD", node.Rules(), StringComparison.Ordinal);
            node.Call("DEL", pod, "{}").Succeeded();
        }
    }

    [KernelFact]
    public void A_refusal_is_reported_with_firewalld_s_words_and_leaves_nothing()
    {
        using var node = new FirewallNode();
        using var firewalld = new ScriptedFirewalld(node.Node);
        node.Node.Variables = [firewalld.Variable];
        var pod = node.Attach();
        firewalld.Errors["addSource"] = ("org.fedoraproject.FirewallD1.Exception", "INVALID_ZONE: trusted");
        var refused = node.Call("ADD", pod, Firewalld);
        Assert.Equal((5, "firewalld refused: INVALID_ZONE: trusted"), (refused.Code, refused.Message));
        Assert.Equal("", node.Records());
        firewalld.Errors.Clear();
        node.Call("ADD", pod, Firewalld).Succeeded();
        firewalld.Errors["removeSource"] = ("org.freedesktop.DBus.Error.AccessDenied", "no");
        Assert.Equal(5, node.Call("DEL", pod, Firewalld).Code);
        firewalld.Errors.Clear();
        node.Call("DEL", pod, """{"backend":"firewalld","prevResult":null}""").Succeeded();
        Assert.Empty(firewalld.Sources);
    }

    [KernelFact]
    public void A_firewalld_that_does_not_answer_ends_a_call_in_time()
    {
        using var node = new FirewallNode();
        using var firewalld = new ScriptedFirewalld(node.Node) { IsSilent = true };
        node.Node.Variables = [firewalld.Variable];
        var pod = node.Attach();
        var watch = Stopwatch.StartNew();
        var refused = node.Call("ADD", pod, Firewalld);
        Assert.Equal(11, refused.Code);
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(50));
    }
}
