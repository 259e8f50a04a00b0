using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>An interface that is not what its network's config would make by now: renamed by the pod, or made by another type.</summary>
public sealed class ChangedNetworkTests
{
    [KernelTheory]
    [InlineData("macvlan")]
    [InlineData("tap")]
    public void A_link_that_the_pod_renamed_is_missed_by_CHECK_and_removed_by_DEL(string type)
    {
        using var node = new CniNode();
        var (pod, config) = (node.AddPod(), Config(node, type));
        node.Call("ADD", pod, config).Succeeded();
        Rename(pod, "data7");
        // The pod's own, of the same kind and without a mark.
        pod.Tool(type == "tap" ? "ip tuntap add dev other mode tap" : "ip link add link data7 name other type macvlan");
        var check = node.Call("CHECK", pod, config);
        Assert.Equal(
            (100, "Interface name eth0 not found", "the container's interface was removed or renamed after ADD"),
            (check.Code, check.Message, check.Details)
        );
        if (type == "tap")
            pod.Tool("ip link set other name eth0");
        node.Call("DEL", pod, config).Succeeded();
        Assert.False(pod.HasLink("data7"));
        Assert.Equal(type == "tap", pod.HasLink("eth0"));
        Assert.Empty(node.Leases());
    }

    [KernelTheory]
    [InlineData("bridge", "macvlan")]
    [InlineData("bridge", "tap")]
    [InlineData("ptp", "macvlan")]
    [InlineData("ptp", "tap")]
    [InlineData("macvlan", "bridge")]
    [InlineData("macvlan", "ptp")]
    [InlineData("tap", "bridge")]
    [InlineData("tap", "ptp")]
    public void DEL_by_another_type_removes_the_interface_before_its_address_is_given_again(string added, string deleted)
    {
        using var node = new CniNode();
        var (before, after) = (Config(node, added), Config(node, deleted));
        var (one, renamed, next) = (node.AddPod(), node.AddPod(), node.AddPod());
        node.Call("ADD", one, before).Succeeded();
        node.Call("ADD", renamed, before).Succeeded();
        Rename(renamed, "data7");
        foreach (var pod in (CniPod[])[one, renamed])
        {
            node.Call("DEL", pod, after).Succeeded();
            Assert.False(pod.HasLink("eth0") || pod.HasLink("data7"), pod.Tool("ip -d link"));
            node.Call("DEL", pod, after).Succeeded();
        }

        Assert.Empty(node.Leases());
        Assert.Equal("", node.TryTool(["sh", "-c", "ip -br link show type veth | grep -vE '^(wire|faraway)@'"]).Output);
        node.Call("ADD", next, after).Succeeded();
        node.Call("CHECK", next, after).Succeeded();
        node.Call("DEL", next, after).Succeeded();
    }

    [KernelTheory]
    [InlineData("bridge", "macvlan")]
    [InlineData("ptp", "tap")]
    public void DEL_by_another_type_without_a_namespace_removes_the_pair(string added, string deleted)
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        node.Call("ADD", pod, Config(node, added)).Succeeded();
        node.Call("DEL", pod, Config(node, deleted), "CNI_NETNS=").Succeeded();
        Assert.False(pod.HasLink("eth0"));
        Assert.Empty(node.Leases());
    }

    [KernelTheory]
    [InlineData("bridge", "macvlan")]
    [InlineData("macvlan", "bridge")]
    [InlineData("tap", "ptp")]
    [InlineData("ptp", "tap")]
    public void DEL_of_another_network_leaves_the_interface(string added, string deleted)
    {
        using var node = new CniNode();
        var (pod, other) = (node.AddPod(), Config(node, deleted));
        node.Call("ADD", pod, Config(node, added)).Succeeded();
        other["name"] = "other";
        node.Call("DEL", pod, other).Succeeded();
        node.Call("CHECK", pod, Config(node, added)).Succeeded();
    }

    [KernelTheory]
    [InlineData("bridge")]
    [InlineData("ptp")]
    [InlineData("macvlan")]
    [InlineData("tap")]
    public void A_device_of_the_node_comes_back_by_the_DEL_of_another_type(string deleted)
    {
        using var node = new HostDeviceNode();
        var (pod, before, after) = (node.Node.AddPod(), node.Facts(), Config(node.Node, deleted));
        node.Node.Call("ADD", pod, node.WithIpam()).Succeeded();
        var other = (JsonObject)after.DeepClone();
        other["name"] = "other";
        node.Node.Call("DEL", pod, other).Succeeded();
        Assert.True(pod.HasLink("eth0"));
        for (var i = 0; i < 2; i++)
        {
            node.Node.Call("DEL", pod, after).Succeeded();
            Assert.Equal(before, node.Facts());
            node.HasNoRecord();
            Assert.Empty(node.Node.Leases());
        }
    }

    [KernelTheory]
    [InlineData("bridge")]
    [InlineData("ptp")]
    [InlineData("macvlan")]
    [InlineData("tap")]
    public void DEL_of_host_device_removes_what_another_type_added_and_leaves_its_own_device(string added)
    {
        using var node = new HostDeviceNode();
        var (pod, before, config) = (node.Node.AddPod(), node.Facts(), Config(node.Node, added));
        node.Node.Call("ADD", pod, config).Succeeded();
        node.Node.Call("DEL", pod, node.WithIpam()).Succeeded();
        Assert.False(pod.HasLink("eth0"), pod.Tool("ip -d link"));
        Assert.Equal(before, node.Facts());
        Assert.Empty(node.Node.Leases());
        Assert.DoesNotContain("cni:", node.Node.Tool("ip -d link show"), StringComparison.Ordinal);
        node.Node.Call("DEL", pod, node.WithIpam()).Succeeded();
    }

    [KernelTheory]
    [InlineData("bridge", "macvlan", "nftables")]
    [InlineData("bridge", "host-device", "nftables")]
    [InlineData("ptp", "tap", "nftables")]
    [InlineData("ptp", "macvlan", "iptables")]
    public void DEL_by_a_type_without_rules_removes_those_that_ADD_made(string added, string deleted, string backend)
    {
        using var node = new CniNode();
        var (pod, ended, config) = (node.AddPod(), node.AddPod(), Config(node, added));
        (config["ipMasq"], config["ipMasqBackend"]) = (true, backend);
        if (added == "bridge")
            config["macspoofchk"] = true;
        node.Call("ADD", pod, config).Succeeded();
        node.Call("ADD", ended, config).Succeeded();
        var after = deleted == "host-device" ? HostDeviceNode.Config("""{"device":"absent"}""") : Config(node, deleted);
        node.Call("DEL", pod, after).Succeeded();
        // Its namespace ended, and its link with it.
        ended.Tool("ip link delete eth0");
        node.Call("DEL", ended, after, "CNI_NETNS=").Succeeded();
        Assert.Equal("", node.TryTool(["ls", "-A", "/run/plugboard/bridge"]).Output);
        // What has expired is gone with the kernel's next tick.
        node.Tool("sleep 0.02");
        Assert.DoesNotContain(pod.ContainerId, node.Tool("nft list ruleset"), StringComparison.Ordinal);
        Assert.DoesNotContain(ended.ContainerId, node.Tool("nft list ruleset"), StringComparison.Ordinal);
    }

    [KernelTheory]
    [InlineData("bridge")]
    [InlineData("macvlan")]
    public void DEL_of_a_network_that_has_lost_portmap_and_firewall_removes_their_rules(string type)
    {
        using var node = new CniNode();
        var (pod, config) = (node.AddPod(), Config(node, type));
        var portmap = Chained("portmap", """{"runtimeConfig":{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}}""");
        node.Call("ADD", pod, config).Succeeded();
        foreach (var chained in (JsonObject[])[portmap, Chained("firewall", """{"backend":"iptables"}""")])
        {
            chained["prevResult"] = pod.Result!.DeepClone();
            node.Call("ADD", pod, chained).Succeeded();
        }

        node.Call("DEL", pod, config).Succeeded();
        foreach (var plugin in (string[])["portmap", "firewall"])
            Assert.Equal("", node.TryTool(["ls", "-A", $"/run/plugboard/{plugin}"]).Output);
        node.Tool("sleep 0.02");
        Assert.DoesNotContain(pod.Address, node.Tool("nft list ruleset"), StringComparison.Ordinal);
        node.Call("DEL", pod, portmap).Succeeded();
    }

    private static JsonObject Chained(string type, string keys)
    {
        var config = JsonNode.Parse(keys)!.AsObject();
        (config["cniVersion"], config["name"], config["type"]) = ("1.0.0", "test", type);
        return config;
    }

    // Before Linux 6.2 an interface that is up keeps its name.
    private static void Rename(CniPod pod, string name)
    {
        pod.Tool("ip link set eth0 down");
        pod.Tool($"ip link set eth0 name {name}");
    }

    private static JsonObject Config(CniNode node, string type)
    {
        if (type == "macvlan" && !node.HasLink("wire"))
        {
            node.Tool("ip link add wire type veth peer name faraway");
            node.Tool("ip link set faraway up");
            node.Tool("ip link set wire up");
        }

        return node.BridgeConfig(config =>
        {
            config["type"] = type;
            if (type != "bridge")
                config.Remove("isGateway");
            if (type == "tap")
                config["ipam"]!.AsObject().Remove("routes");
            if (type == "macvlan")
                config["master"] = "wire";
            if (type != "bridge")
                config.Remove("bridge");
        });
    }
}
