using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;
using static Plugboard.Tests.EndToEnd.RealUse.BandwidthNode;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>
/// bandwidth where the reference fails or harms: repeated calls, other programs' qdiscs, two interfaces, numbers that wrap.
/// </summary>
public sealed class BandwidthFaultTests
{
    [KernelFact]
    public void A_repeated_ADD_replaces_the_limits()
    {
        using var node = new CniNode();
        var pod = node.Attached();
        var result = pod.Result;
        node.Call("ADD", pod, Config("""{"ingressRate":1000000,"ingressBurst":800000,"egressRate":1000000}""").After(pod)).Succeeded();
        pod.Result = result;
        node.Call("ADD", pod, Config(Both).After(pod)).Succeeded();
        var traffic = node.Traffic(pod);
        node.Call("CHECK", pod, Config(Both)).Succeeded();
        pod.Result = result;
        node.Call("ADD", pod, Config(Both).After(pod)).Succeeded();
        Assert.Equal(traffic, node.Traffic(pod));
        Assert.Equal([Ifb], node.Ifbs());
        Assert.True(node.Reaches(pod.Address));
    }

    [KernelFact]
    public void A_repeated_ADD_that_fails_restores_the_earlier_limits()
    {
        using var node = new CniNode();
        var pod = node.Attached();
        var result = pod.Result;
        node.Call("ADD", pod, Config(Both).After(pod)).Succeeded();
        node.Tool($"tc qdisc del dev {Ifb} root");
        node.Tool($"tc qdisc add dev {Ifb} root handle 5: pfifo");
        node.Tool($"ip link set {Ifb} mtu 1400");
        var before = node.Traffic(pod);
        pod.Result = result;
        var refused = node.Call("ADD", pod, Config("""{"ingressRate":1000000,"egressRate":1000000}""").After(pod));
        Assert.Equal((7, $"create qdisc: {Ifb} has the qdisc pfifo 5: already"), (refused.Code, refused.Message));
        Assert.Equal(before, node.Traffic(pod));
    }

    [KernelFact]
    public void An_ADD_whose_result_nobody_gets_is_undone_and_a_repeated_one_restores_the_earlier_limits()
    {
        using var node = new CniNode();
        var pod = node.Attached();
        string[] full = ["sh", "-c", "exec \"$0\" > /dev/full"];
        var input = Config("""{"ingressRate":1000000,"egressRate":1000000}""").After(pod).ToJsonString();
        Assert.NotEqual(0, node.CallRaw("ADD", pod, "bandwidth", input, full).ExitCode);
        node.AssertUnlimited(pod);

        node.Call("ADD", pod, Config(Both).After(pod)).Succeeded();
        var before = node.Traffic(pod);
        Assert.NotEqual(0, node.CallRaw("ADD", pod, "bandwidth", input, full).ExitCode);
        Assert.Equal(before, node.Traffic(pod));
        node.Call("CHECK", pod, Config(Both)).Succeeded();
    }

    // Both pairs have the same indices, and no link leads from the node to the pod.
    [KernelFact]
    public void A_pair_of_the_node_s_own_is_not_taken_for_one_that_is_within_the_pod()
    {
        using var node = new CniNode();
        var pod = node.AddPod();
        pod.Tool("ip link add eth0 index 71 type veth peer name other index 70");
        node.Tool("ip link add up0 index 70 type veth peer name up1 index 71");
        node.Tool("tc qdisc add dev up0 root handle 1: tbf rate 8mbit burst 100kb latency 25ms");
        pod.Result = JsonNode.Parse(
            """{"cniVersion":"1.0.0","interfaces":[{"name":"up0"},{"name":"eth0","sandbox":"/x"}],"ips":[{"address":"10.1.0.9/16"}]}"""
        );
        var before = node.Tool("tc qdisc show dev up0");
        var refused = node.Call("ADD", pod, Config(Both).After(pod));
        Assert.Equal((7, "veth peer with index 70 is not in host ns"), (refused.Code, refused.Message));
        node.Call("DEL", pod, Config(Both)).Succeeded();
        Assert.Equal(before, node.Tool("tc qdisc show dev up0"));
    }

    [KernelTheory]
    [InlineData("ingress")]
    [InlineData("clsact")]
    public void Another_programs_qdisc_for_received_packets_is_shared_and_stays(string qdisc)
    {
        using var node = new CniNode();
        var pod = node.Attached();
        node.Tool($"tc qdisc add dev {pod.HostEnd()} {qdisc}");
        node.Tool($"tc filter add dev {pod.HostEnd()} ingress prio 1 protocol ip u32 match ip dst 203.0.113.9 classid 1:9");
        node.Tool($"tc filter add dev {pod.HostEnd()} ingress prio 65535 protocol arp u32 match u32 0 0 classid 1:9");
        var before = node.Traffic(pod);

        node.Call("ADD", pod, Config(Egress).After(pod)).Succeeded();
        Assert.Contains($"\"pref\":65534,\"kind\":\"u32\"", node.Traffic(pod), StringComparison.Ordinal);
        node.Call("CHECK", pod, Config(Egress)).Succeeded();
        Assert.True(node.Reaches(pod.Address));
        node.Call("DEL", pod, Config(Egress)).Succeeded();
        Assert.Equal(before, node.Traffic(pod));
        node.Call("DEL", pod, Config(Egress)).Succeeded();
        Assert.Equal(before, node.Traffic(pod));
    }

    [KernelFact]
    public void A_filter_that_another_program_has_added_to_our_qdisc_stays()
    {
        using var node = new CniNode();
        var pod = node.Attached();
        node.Call("ADD", pod, Config(Egress).After(pod)).Succeeded();
        node.Tool($"tc filter add dev {pod.HostEnd()} ingress prio 7 protocol arp u32 match u32 0 0 classid 1:9");
        node.Call("DEL", pod, Config(Egress)).Succeeded();
        var left = node.Tool($"tc filter show dev {pod.HostEnd()} ingress");
        Assert.Contains("flowid 1:9", left, StringComparison.Ordinal);
        Assert.DoesNotContain("mirred", left, StringComparison.Ordinal);
        Assert.True(node.Reaches(pod.Address));
    }

    [KernelFact]
    public void Another_programs_qdisc_for_sent_packets_is_not_replaced()
    {
        using var node = new CniNode();
        var pod = node.Attached();
        node.Tool($"tc qdisc add dev {pod.HostEnd()} root handle 5: pfifo");
        var before = node.Traffic(pod);
        var refused = node.Call("ADD", pod, Config(Both).After(pod));
        Assert.Equal((7, $"create qdisc: {pod.HostEnd()} has the qdisc pfifo 5: already"), (refused.Code, refused.Message));
        Assert.Equal(before, node.Traffic(pod));
        node.Call("DEL", pod, Config(Both)).Succeeded();
        Assert.Equal(before, node.Traffic(pod));
    }

    // The reference's second ADD fails: the ifb's name is the container's.
    [KernelTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Two_interfaces_of_a_pod_have_an_ifb_each(bool isFirstOfTheReference)
    {
        using var node = new CniNode();
        var pod = node.Attached();
        var first = pod.Result;
        node.Plugins = isFirstOfTheReference ? PluginDirectory.Reference : PluginDirectory.Ours;
        node.Call("ADD", pod, Config(Egress).After(pod)).Succeeded();
        var firstAdded = pod.Result;
        node.Plugins = PluginDirectory.Ours;
        node.Attach(pod, "CNI_IFNAME=net1");
        node.Call("ADD", pod, Config(Egress).After(pod), "CNI_IFNAME=net1").Succeeded();
        Assert.Equal(2, node.Ifbs().Count);
        node.Call("CHECK", pod, Config(Egress), "CNI_IFNAME=net1").Succeeded();

        node.Call("DEL", pod, Config(Egress), "CNI_IFNAME=net1").Succeeded();
        Assert.Equal([Ifb], node.Ifbs());
        pod.Result = firstAdded;
        node.Call("CHECK", pod, Config(Egress)).Succeeded();
        node.Call("DEL", pod, Config(Egress)).Succeeded();
        Assert.Empty(node.Ifbs());
        pod.Result = first;
        node.AssertUnlimited(pod);
    }

    [KernelFact]
    public void The_ifb_of_the_second_interface_stays_where_the_first_is_detached()
    {
        using var node = new CniNode();
        var pod = node.Attached();
        node.Call("ADD", pod, Config(Egress).After(pod)).Succeeded();
        node.Attach(pod, "CNI_IFNAME=net1");
        node.Call("ADD", pod, Config(Egress).After(pod), "CNI_IFNAME=net1").Succeeded();
        node.Call("DEL", pod, Config(Egress), "CNI_NETNS=").Succeeded();
        var left = Assert.Single(node.Ifbs());
        Assert.NotEqual(Ifb, left);
        node.Call("CHECK", pod, Config(Egress), "CNI_IFNAME=net1").Succeeded();
        // Whose name is free now.
        node.Call("ADD", pod, Config(Both).After(pod), "CNI_IFNAME=net1").Succeeded();
        Assert.Equal([left], node.Ifbs());
        node.Call("CHECK", pod, Config(Both), "CNI_IFNAME=net1").Succeeded();
    }

    [KernelFact]
    public void A_link_that_has_both_names_is_reported_with_its_owner_and_nothing_is_left()
    {
        using var node = new CniNode();
        var pod = node.Attached();
        node.Call("ADD", pod, Config(Egress).After(pod)).Succeeded();
        node.Tool($"ip link set {Ifb} alias cni:other/pod9/eth0");
        node.Call("ADD", pod, Config(Egress).After(pod)).Succeeded();
        foreach (var ifb in node.Ifbs())
            node.Tool($"ip link set {ifb} alias cni:other/pod9/eth0");
        node.Call("DEL", pod, Config(Egress)).Succeeded();
        Assert.Equal(2, node.Ifbs().Count);
        var before = node.Traffic(pod);
        var refused = node.Call("ADD", pod, Config(Both).After(pod));
        Assert.Equal(11, refused.Code);
        Assert.Contains("is of other/pod9/eth0", refused.Details, StringComparison.Ordinal);
        Assert.Equal(before, node.Traffic(pod));
    }

    // As the reference's limit wraps, it is smaller than any packet.
    [KernelFact]
    public void A_queue_that_wraps_to_less_than_a_packet_is_the_largest_instead_and_the_references_passes_CHECK()
    {
        const string Keys = """{"ingressRate":16000000,"ingressBurst":34359338448}""";
        using var node = new CniNode();
        var pod = node.Attached();
        node.Plugins = PluginDirectory.Reference;
        node.Call("ADD", pod, Config(Keys).After(pod)).Succeeded();
        Assert.False(node.Reaches(pod.Address));
        node.Plugins = PluginDirectory.Ours;
        node.Call("CHECK", pod, Config(Keys)).Succeeded();
        node.Call("ADD", pod, Config(Keys).After(pod)).Succeeded();
        node.Call("CHECK", pod, Config(Keys)).Succeeded();
        Assert.True(node.Reaches(pod.Address));
    }

    [KernelTheory]
    [InlineData("tc qdisc del dev END root", "Failed to find qdisc")]
    [InlineData("tc qdisc del dev IFB root", "Failed to find qdisc")]
    [InlineData("tc qdisc replace dev END root handle 1: tbf rate 9mbit burst 100000 latency 25ms", "Rate doesn't match: 1125000 bytes")]
    [InlineData("tc qdisc replace dev IFB root handle 1: tbf rate 16mbit burst 200000 latency 30ms", "Limit doesn't match: ")]
    [InlineData("tc qdisc replace dev IFB root handle 1: tbf rate 16mbit burst 190000 limit 250000", "Buffer doesn't match: ")]
    [InlineData("tc filter del dev END ingress", "Failed to find filter")]
    [InlineData("tc qdisc del dev END ingress", "Failed to find filter")]
    [InlineData("ip link del IFB", "get ifb device: Link not found")]
    [InlineData("ip link set IFB down", "ifb device IFB is down")]
    public void CHECK_says_what_was_changed(string damage, string difference)
    {
        using var node = new CniNode();
        var pod = node.Attached();
        string Named(string text) =>
            text.Replace("END", pod.HostEnd(), StringComparison.Ordinal).Replace("IFB", Ifb, StringComparison.Ordinal);
        node.Call("ADD", pod, Config(Both).After(pod)).Succeeded();
        node.Call("CHECK", pod, Config(Both)).Succeeded();
        node.Tool(Named(damage));
        var output = node.Call("CHECK", pod, Config(Both));
        Assert.Equal(100, output.Code);
        Assert.StartsWith(Named(difference), output.Message, StringComparison.Ordinal);
        node.Call("DEL", pod, Config(Both)).Succeeded();
        // A qdisc without our filter may be another program's.
        if (damage.StartsWith("tc filter", StringComparison.Ordinal))
            node.Tool($"tc qdisc del dev {pod.HostEnd()} ingress");
        node.AssertUnlimited(pod);
    }

    [KernelTheory]
    [InlineData("CNI_NETNS=")]
    [InlineData("CNI_NETNS=/run/netns/gone")]
    public void DEL_of_a_pod_that_is_gone_removes_the_ifb(string netns)
    {
        foreach (var plugins in (string[])[PluginDirectory.Ours, PluginDirectory.Reference])
        {
            using var node = new CniNode { Plugins = plugins };
            var pod = node.Attached();
            node.Call("ADD", pod, Config(Both).After(pod)).Succeeded();
            node.Plugins = PluginDirectory.Ours;
            pod.Result = null;
            node.Call("DEL", pod, Config(Both), netns).Succeeded();
            node.Call("DEL", pod, Config(Both), netns).Succeeded();
            Assert.Empty(node.Ifbs());
        }
    }

    [KernelTheory]
    [InlineData("{}")]
    [InlineData("""{"egressRate":"fast"}""")]
    [InlineData("""{"egressBurst":5}""")]
    public void DEL_in_the_wrong_order_and_with_a_config_that_is_wrong_by_now_removes_the_ifb(string keys)
    {
        using var node = new CniNode();
        var pod = node.Attached();
        node.Call("ADD", pod, Config(Egress).After(pod)).Succeeded();
        node.Call("DEL", pod, node.BridgeConfig()).Succeeded();
        node.Call("DEL", pod, Config(keys)).Succeeded();
        Assert.Empty(node.Ifbs());
    }

    [KernelFact]
    public void GC_removes_the_ifbs_of_attachments_that_are_not_valid()
    {
        using var node = new CniNode();
        var config = Config(Egress, "1.1.0");
        var pods = new[] { node.Attached(), node.Attached(), node.Attached() };
        foreach (var pod in pods)
            node.Call("ADD", pod, config.After(pod)).Succeeded();
        var other = Config(Egress, "1.1.0");
        other["name"] = "other";
        node.Call("GC", null, config).Succeeded();
        other["cni.dev/valid-attachments"] = new JsonArray();
        node.Call("GC", null, other).Succeeded();
        Assert.Equal(3, node.Ifbs().Count);
        config["cni.dev/valid-attachments"] = JsonNode.Parse(
            """[{"containerID":"pod0","ifname":"eth0"},{"containerID":"pod1","ifname":"net1"}]"""
        );
        node.Call("GC", null, config).Succeeded();
        Assert.Equal([Ifb], node.Ifbs());
    }

    [KernelFact]
    public void STATUS_is_well_on_this_kernel_and_changes_nothing()
    {
        using var node = new CniNode();
        foreach (var keys in (string[])["{}", Ingress, Both])
            node.Call("STATUS", null, Config(keys, "1.1.0")).Succeeded();
        Assert.Equal("lo", string.Join(' ', node.Json("ip -j link").EnumerateArray().Select(static link => link.GetProperty("ifname"))));
        Assert.Contains("noqueue", node.Tool("tc qdisc show dev lo"), StringComparison.Ordinal);
        Assert.Equal(7, node.Call("STATUS", null, Config("""{"egressBurst":5}""", "1.1.0")).Code);
    }

    [KernelFact]
    public void Fifty_at_once_take_nothing_from_each_other()
    {
        using var node = new CniNode();
        var config = Config(Both);
        var pods = Enumerable.Range(0, 50).Select(_ => node.AddPod()).ToArray();
        CallsBeside.AtOnce(pods, pod => node.CallBeside("ADD", pod, node.BridgeConfig()).Succeeded());
        CallsBeside.AtOnce(pods, pod => node.CallBeside("ADD", pod, config.After(pod)).Succeeded());
        Assert.Equal(50, node.Ifbs().Count);
        CallsBeside.AtOnce(pods, pod => node.CallBeside("CHECK", pod, config).Succeeded());
        Assert.True(node.Reaches(pods[49].Address));
        CallsBeside.AtOnce(pods, pod => node.CallBeside("DEL", pod, config).Succeeded());
        node.AssertUnlimited(pods[0]);
    }
}
