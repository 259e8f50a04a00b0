using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Ports;

/// <summary>A host port has one owner, and what an owner had goes with it, whatever its DEL gets.</summary>
public sealed class OwnershipTests
{
    [KernelFact]
    public void A_port_that_another_pod_has_is_refused_by_that_pods_name()
    {
        using var node = new PortNode();
        node.AddPod("8080:80");
        var before = node.Ruleset();
        var second = node.Node.AddPod();

        var refused = node.Chain.Add(second, PortNode.Ports("9090:80", "8080:80"));

        Assert.Equal(102, refused.Code);
        Assert.Equal("host port 8080/tcp is already published by container pod0 (network test, interface eth0)", refused.Message);
        Assert.Contains("DEL", refused.Details, StringComparison.Ordinal);
        Assert.Equal(before, node.Ruleset());
        Assert.Single(node.Records());
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
    }

    [KernelFact]
    public void Other_protocols_and_addresses_are_other_ports()
    {
        using var node = new PortNode();
        node.AddPod("8080:80");
        node.AddPod("8080:80/udp");
        node.AddPod("192.0.2.1:8080:80");
        node.AddPod("8080:80/sctp");
        Assert.Equal(102, node.Chain.Add(node.Node.AddPod(), PortNode.Ports("192.0.2.1:8080:81")).Code);
        Assert.Equal(102, node.Chain.Add(node.Node.AddPod(), PortNode.Ports("0.0.0.0:8080:81/udp")).Code);
    }

    [KernelFact]
    public void A_dead_owners_port_is_taken_over_and_its_late_DEL_takes_nothing()
    {
        using var node = new PortNode();
        var dead = node.AddPod("8080:80");
        node.Node.Tool("ip link del " + (string)dead.Result!["interfaces"]![1]!["name"]!);
        var heir = node.AddPod("8080:80");
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));

        node.Chain.Del(dead, PortNode.Ports("8080:80")).Succeeded();

        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
        node.Chain.Check(heir, PortNode.Ports("8080:80")).Succeeded();
        node.Chain.Del(heir, PortNode.Ports("8080:80")).Succeeded();
        node.AssertNoPodLeft();
    }

    [KernelTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void With_iptables_too_a_dead_owners_port_is_taken_over_with_a_record_of_it_or_without(bool hasRecord)
    {
        using var node = new PortNode(static portmap => portmap["backend"] = "iptables");
        var dead = node.AddPod("8080:81", "8081:80");
        var living = node.AddPod("9090:80");
        node.Node.Tool("ip link del " + (string)dead.Result!["interfaces"]![1]!["name"]!);
        if (!hasRecord)
        {
            // As the reference leaves it: rules, and an address that host-local gives again.
            node.Node.TryTool(["sh", "-c", "rm /run/plugboard/portmap/*"]);
            node.Node.CallBeside("DEL", dead, node.Chain.Config(node.Bridge, null)).Succeeded();
            node.Bridge["ipam"]!["ranges"]![0]![0]!["rangeEnd"] = (string)
                dead.Result!["ips"]![0]!["address"]!.GetValue<string>().Split('/')[0];
            node.Bridge["ipam"]!["ranges"]![1]![0]!["rangeEnd"] = (string)
                dead.Result!["ips"]![1]!["address"]!.GetValue<string>().Split('/')[0];
        }

        var heir = node.AddPod("8080:80");

        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
        Assert.Equal("fd00:9::2", node.Other.AskTcp("[fd00:9::1]:8080"));
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:9090"));
        node.Chain.Check(heir, PortNode.Ports("8080:80")).Succeeded();
        node.Chain.Del(dead, PortNode.Ports("8080:81", "8081:80")).Succeeded();
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
        node.Chain.Del(heir, PortNode.Ports("8080:80")).Succeeded();
        node.Chain.Del(living, PortNode.Ports("9090:80")).Succeeded();
        node.AssertNoPodLeft();
        Assert.DoesNotContain("CNI-DN-", node.Node.Tool("iptables-save -t nat"), StringComparison.Ordinal);
        Assert.DoesNotContain("CNI-DN-", node.Node.Tool("ip6tables-save -t nat"), StringComparison.Ordinal);
    }

    [KernelFact]
    public void With_iptables_CHECK_names_the_living_container_that_a_port_leads_to_first()
    {
        using var node = new PortNode(static portmap => portmap["backend"] = "iptables");
        node.AddPod("8080:80", "192.0.2.1:8081:80");
        var other = node.AddPod("8080:80/udp", "192.0.2.77:8081:80", "8082:80");
        node.Chain.Check(other, PortNode.Ports("8080:80/udp", "192.0.2.77:8081:80", "8082:80")).Succeeded();
        var second = node.AddPod("8080:80");
        var third = node.AddPod("8081:80");

        var refused = node.Chain.Check(second, PortNode.Ports("8080:80"));

        Assert.Equal(100, refused.Code);
        Assert.StartsWith(
            "host port 8080/tcp leads to 10.1.0.2:80 before it leads to the pod: rule -A CNI-DN-",
            refused.Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "host port 8081/tcp leads to 10.1.0.2:80",
            node.Chain.Check(third, PortNode.Ports("8081:80")).Message,
            StringComparison.Ordinal
        );
    }

    [KernelFact]
    public void One_container_on_two_networks_and_twice_on_one_keeps_its_ports_apart()
    {
        using var node = new PortNode();
        var pod = node.AddPod("8080:80");
        using var again = new CniPod(pod.ContainerId) { IfName = "eth1" };
        node.Chain.Add(again, PortNode.Ports("8081:80")).Succeeded();
        var bridge = node.Node.BridgeConfig("""{"bridge":"cni1","ipam":{"ranges":[[{"subnet":"10.2.0.0/16"}]]}}""");
        var elsewhere = new CniChain(node.Node, "other", bridge, node.Portmap);
        using var third = new CniPod(pod.ContainerId);
        elsewhere.Add(third, PortNode.Ports("8082:80")).Succeeded();
        node.Serve(again);
        node.Serve(third);

        node.Chain.Del(again, PortNode.Ports("8081:80")).Succeeded();
        elsewhere.Del(third, PortNode.Ports("8082:80")).Succeeded();

        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
        Assert.Equal("refused", node.Other.AskTcp("192.0.2.1:8081"));
        Assert.Equal("refused", node.Other.AskTcp("192.0.2.1:8082"));
        node.Chain.Check(pod, PortNode.Ports("8080:80")).Succeeded();
    }

    [KernelFact]
    public void A_repeated_ADD_replaces_what_the_pod_had()
    {
        using var node = new PortNode();
        var pod = node.AddPod("8080:80", "8081:80");
        var config = node.Chain.Config(node.Portmap, PortNode.Ports("8081:80", "8082:80"));
        config["prevResult"] = pod.Result!.DeepClone();

        node.Node.CallBeside("ADD", pod, config).Succeeded();

        // What expires is gone with the kernel's next tick.
        node.Node.Tool("sleep 0.02");
        Assert.Equal("refused", node.Other.AskTcp("192.0.2.1:8080"));
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8081"));
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8082"));
        Assert.Single(node.Records());
    }

    [KernelFact]
    public void A_repeated_ADD_that_is_refused_leaves_the_living_containers_ports_and_record_as_they_are()
    {
        using var node = new PortNode();
        var pod = node.AddPod("8080:80");
        node.AddPod("9090:80");
        var (rules, record) = (node.Ruleset(), Records(node, "portmap/*"));
        var config = node.Chain.Config(node.Portmap, PortNode.Ports("8080:80", "9090:80"));
        config["prevResult"] = pod.Result!.DeepClone();

        Assert.Equal(102, node.Node.CallBeside("ADD", pod, config).Code);

        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
        Assert.Equal((rules, record), (node.Ruleset(), Records(node, "portmap/*")));
    }

    private static string Records(PortNode node, string files) => node.Node.TryTool(["sh", "-c", $"cat /run/plugboard/{files}"]).Output;

    // The kernel's settings can be read-only: then localhost cannot be opened, at the very end of ADD.
    [KernelFact]
    public void A_repeated_ADD_that_fails_at_its_end_brings_back_what_the_container_had()
    {
        using var node = new PortNode();
        var pod = node.AddPod("8080:80");
        var record = Records(node, "portmap/*");
        var config = node.Chain.Config(node.Portmap, PortNode.Ports("8081:80"));
        config["prevResult"] = pod.Result!.DeepClone();
        Assert.Equal(0, node.Node.TryTool(["sh", "-c", "echo 0 > /proc/sys/net/ipv4/conf/cni0/route_localnet"]).ExitCode);
        node.Node.Tool("mount --bind -o ro /proc/sys /proc/sys");

        Assert.Equal(5, node.Node.CallBeside("ADD", pod, config).Code);

        // What expires is gone with the kernel's next tick.
        node.Node.Tool("sleep 0.02");
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
        Assert.Equal("refused", node.Other.AskTcp("192.0.2.1:8081"));
        Assert.Equal(record, Records(node, "portmap/*"));
    }

    // As a runtime that has forgotten: the same container and interface, another namespace.
    [KernelTheory]
    [InlineData("nftables")]
    [InlineData("iptables")]
    public void A_second_ADD_for_a_living_container_is_refused_and_its_rules_stay(string backend)
    {
        using var node = new PortNode(
            portmap => portmap["backend"] = backend,
            bridge => (bridge["ipMasq"], bridge["macspoofchk"], bridge["ipMasqBackend"]) = (true, true, backend)
        );
        var pod = node.AddPod("8080:80");
        using var other = new CniPod(pod.ContainerId);
        var (rules, records) = (node.Ruleset(), Records(node, "*/*-*"));

        Assert.Equal(101, node.Chain.Add(other, PortNode.Ports("8080:80")).Code);

        Assert.Equal((rules, records), (node.Ruleset(), Records(node, "*/*-*")));
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
    }

    public static TheoryData<string> PoorDels => ["nothing", "no ports", "no netns", "broken ports", "no record", "damaged record"];

    [KernelTheory]
    [MemberData(nameof(PoorDels))]
    public void DEL_removes_everything_however_little_it_gets(string lacking)
    {
        using var node = new PortNode();
        var pod = node.AddPod("8080:80", "127.0.0.1:8081:80/udp", "8082:80/sctp");
        var ports = lacking is "no ports" ? null : PortNode.Ports("8080:80", "127.0.0.1:8081:80/udp", "8082:80/sctp");
        var config = node.Chain.Config(node.Portmap, ports);
        if (lacking == "broken ports")
            ports![0]!["hostPort"] = 0;
        if (lacking == "broken ports")
            config["runtimeConfig"] = new JsonObject { ["portMappings"] = ports!.DeepClone() };
        if (lacking == "nothing")
            pod.Result = null;
        var record = $"/run/plugboard/portmap/{node.Records()[0]}";
        if (lacking == "no record")
            node.Node.Tool("rm -r /run/plugboard/portmap");
        if (lacking == "damaged record")
            node.Node.Run(() => File.AppendAllText(record, "condition-v4 nonsense\n"));

        node.Node.CallBeside("DEL", pod, config, lacking == "no netns" ? ["CNI_NETNS="] : []).Succeeded();
        node.Node.CallBeside("DEL", pod, config).Succeeded();

        node.AssertNoPortLeft();
    }

    [KernelFact]
    public void On_a_kernel_whose_elements_cannot_be_made_to_expire_they_are_deleted()
    {
        using var node = new PortNode(bridge: static bridge => bridge["ipMasq"] = true);
        var pod = node.AddPod("8080:80", "192.0.2.1:8081:80/udp");
        File.WriteAllText(Path.Combine(node.Node.Directory, "release"), "6.1.0-44-amd64\n");
        node.Node.Tool($"mount --bind {node.Node.Directory}/release /proc/sys/kernel/osrelease");

        node.Chain.Del(pod, PortNode.Ports("8080:80", "192.0.2.1:8081:80/udp")).Succeeded();

        node.AssertNoPodLeft();
        node.AddPod("8080:80");
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
    }

    [KernelFact]
    public void GC_keeps_what_is_valid_and_takes_the_rest()
    {
        using var node = new PortNode();
        var valid = node.AddPod("8080:80");
        node.AddPod("8081:80");
        node.AddPod("8082:80/udp");

        node.Chain.Gc(valid).Succeeded();

        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
        Assert.Single(node.Records());
        Assert.DoesNotContain("8081", node.Ruleset(), StringComparison.Ordinal);
        Assert.DoesNotContain("8082", node.Ruleset(), StringComparison.Ordinal);
        node.Chain.Gc().Succeeded();
        node.AssertNoPortLeft();
    }

    [KernelFact]
    public void GC_of_one_network_leaves_the_others_alone()
    {
        using var node = new PortNode();
        node.AddPod("8080:80");
        var other = new CniChain(node.Node, "other", node.Bridge, node.Portmap);
        other.Gc().Succeeded();
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
    }

    [KernelFact]
    public void An_ADD_after_flush_ruleset_makes_the_nodes_part_again()
    {
        using var node = new PortNode();
        node.AddPod("8080:80");
        node.Node.Tool("nft flush ruleset");
        node.AddPod("8081:80");
        Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8081"));
        Assert.Equal(2, node.Records().Count);
    }

    [KernelFact]
    public void An_ADD_repairs_what_another_process_took_out_of_the_nodes_part()
    {
        using var node = new PortNode();
        node.AddPod("8080:80");
        foreach (
            var damage in (ReadOnlySpan<string>)
                [
                    "flush chain inet plugboard_portmap hostports",
                    "flush chain inet plugboard_portmap prerouting",
                    "flush table inet plugboard_portmap",
                ]
        )
        {
            node.Node.Tool("nft " + damage);
            Assert.NotEqual("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
            var pod = node.AddPod("8081:80");
            Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8080"));
            Assert.Equal("192.0.2.2", node.Other.AskTcp("192.0.2.1:8081"));
            node.Chain.Del(pod, PortNode.Ports("8081:80")).Succeeded();
        }
    }
}
