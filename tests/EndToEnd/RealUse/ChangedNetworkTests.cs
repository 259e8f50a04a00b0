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
        Assert.Equal("", node.TryTool(["sh", "-c", "ip -br link show type veth | grep -vE '^(wire|beyond)@'"]).Output);
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
            node.Tool("ip link add wire type veth peer name beyond");
            node.Tool("ip link set beyond up");
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
