using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>host-device beside the reference's: a device of the node in a pod, and back.</summary>
public sealed class HostDeviceTests
{
    [KernelTheory]
    [InlineData("0.1.0")]
    [InlineData("0.2.0")]
    [InlineData("0.3.1")]
    [InlineData("0.4.0")]
    [InlineData("1.0.0")]
    [InlineData("1.1.0")]
    public void A_pod_has_the_device_and_the_node_gets_it_back_as_it_was(string version)
    {
        using var host = new HostDeviceNode();
        var before = host.Facts();
        var pod = host.Node.AddPod();
        var config = host.WithIpam(version: version);
        var result = host.Node.Call("ADD", pod, config).Succeeded().Json;
        Assert.False(host.Has("nic0"));
        var addresses = pod.Tool("ip -br address show dev eth0");
        Assert.Contains("UP", addresses, StringComparison.Ordinal);
        Assert.Contains("10.1.0.2/16", addresses, StringComparison.Ordinal);
        Assert.Contains("fd00:1::2/64", addresses, StringComparison.Ordinal);
        Assert.Contains("default via 10.1.0.1 dev eth0", pod.Tool("ip route"), StringComparison.Ordinal);
        if (version is not ("0.1.0" or "0.2.0"))
            Assert.Equal(Transcript.FixedMac, (string)result["interfaces"]![0]!["mac"]!);
        if (version is "0.4.0" or "1.0.0" or "1.1.0")
            host.Node.Call("CHECK", pod, config).Succeeded();
        host.Node.Call("DEL", pod, config).Succeeded();
        Assert.Equal(before, host.Facts());
        host.Node.Call("DEL", pod, config).Succeeded();
        Assert.Equal(before, host.Facts());
        Assert.Empty(host.Node.Leases());
        host.HasNoRecord();
    }

    // The reference leaves the device down and without its addresses.
    [KernelTheory]
    [InlineData("0.3.1", true)]
    [InlineData("0.4.0", true)]
    [InlineData("1.0.0", true)]
    [InlineData("1.0.0", false)]
    public void Result_and_pod_are_the_same_as_with_the_reference(string version, bool hasIpam) =>
        Transcript.AssertSame(
            PluginDirectory.Reference,
            PluginDirectory.Ours,
            exactErrors: false,
            transcript =>
            {
                var node = transcript.Node;
                node.Tool($"ip link add nic0 address {Transcript.FixedMac} type veth peer name beyond");
                node.Tool("ip link set beyond up");
                var pod = node.AddPod();
                var config = HostDeviceNode.Config(version: version);
                if (hasIpam)
                    config["ipam"] = node.BridgeConfig()["ipam"]!.DeepClone();
                transcript.Call("ADD", pod, config);
                transcript.Note("pod", pod.Tool("ip -br link show dev eth0"));
                transcript.Note("pod", pod.Tool("ip -br -4 address show dev eth0"));
                transcript.Note("pod", pod.Tool("ip -4 route"));
                transcript.Note("alias", (string)JsonNode.Parse(pod.Tool("ip -j link show dev eth0"))![0]!["ifalias"]!);
                transcript.NoteFiles();
                if (version != "0.3.1")
                    transcript.Call("CHECK", pod, config);
                transcript.Call("DEL", pod, config);
                transcript.Note("node", node.Tool("ip -br link show dev nic0"));
                transcript.NoteFiles();
            }
        );

    [KernelTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_one_adds_the_other_deletes(bool isOursFirst)
    {
        using var host = new HostDeviceNode();
        string[] makes = isOursFirst
            ? [PluginDirectory.Ours, PluginDirectory.Reference]
            : [PluginDirectory.Reference, PluginDirectory.Ours];
        var pod = host.Node.AddPod();
        host.Node.Plugins = makes[0];
        host.Node.Call("ADD", pod, host.WithIpam()).Succeeded();
        host.Node.Plugins = makes[1];
        host.Node.Call("CHECK", pod, host.WithIpam()).Succeeded();
        host.Node.Call("DEL", pod, host.WithIpam()).Succeeded();
        Assert.True(host.Has("nic0"));
        Assert.Empty(host.Node.Leases());
        // What is left on record of a device that the other gave back is in nobody's way.
        host.Node.Plugins = PluginDirectory.Ours;
        var next = host.Node.AddPod();
        host.Node.Call("ADD", next, host.WithIpam()).Succeeded();
        host.Node.Call("DEL", next, host.WithIpam()).Succeeded();
        host.Node.Call("DEL", pod, host.WithIpam()).Succeeded();
        Assert.True(host.Has("nic0"));
        host.HasNoRecord();
    }

    [KernelFact]
    public void Without_addresses_it_is_up_and_nothing_else()
    {
        using var host = new HostDeviceNode();
        var before = host.Facts();
        var pod = host.Node.AddPod();
        var result = host.Node.Call("ADD", pod, HostDeviceNode.Config()).Succeeded().Json;
        Assert.Equal(
            $$"""{"cniVersion":"1.0.0","interfaces":[{"mac":"{{Transcript.FixedMac}}","name":"eth0","sandbox":"{{pod.Path}}"}]}""",
            Transcript.Ordered(result)!.ToJsonString()
        );
        host.Node.Call("CHECK", pod, HostDeviceNode.Config()).Succeeded();
        host.Node.Call("DEL", pod, HostDeviceNode.Config()).Succeeded();
        Assert.Equal(before, host.Facts());
    }

    [KernelTheory]
    [InlineData($$"""{"hwaddr":"{{Transcript.FixedMac}}"}""")]
    [InlineData("""{"device":"nic0","runtimeConfig":{"deviceID":"0000:99:00.0"}}""")]
    [InlineData($$"""{"hwaddr":"{{Transcript.FixedMac}}","kernelpath":"/sys/devices/none"}""")]
    public void The_device_is_chosen_by_name_first_and_then_by_address(string keys)
    {
        using var host = new HostDeviceNode();
        // Above it, with its address.
        host.Node.Tool($"ip link add link nic0 name above address {Transcript.FixedMac} type macvlan mode bridge");
        var pod = host.Node.AddPod();
        host.Node.Call("ADD", pod, HostDeviceNode.Config(keys)).Succeeded();
        Assert.False(host.Has("nic0"));
        host.Node.Call("DEL", pod, HostDeviceNode.Config(keys)).Succeeded();
        Assert.True(host.Has("nic0"));
    }

    [KernelTheory]
    [InlineData("{}", 7, "specify either \"device\", \"hwaddr\", \"kernelpath\" or \"pciBusID\"")]
    [InlineData("""{"hwaddr":"zz"}""", 7, "failed to parse MAC address \"zz\": address zz: invalid MAC address")]
    [InlineData("""{"kernelpath":"/x"}""", 7, "kernel device path \"/x\" must be absolute and begin with /sys/devices/")]
    [InlineData(
        """{"kernelpath":"/sys/devices/../x"}""",
        7,
        "kernel device path \"/sys/devices/../x\" must be absolute and begin with /sys/devices/"
    )]
    [InlineData("""{"pciBusID":"../x"}""", 7, "invalid pciBusID \"../x\"")]
    [InlineData("""{"device":"nic7"}""", 7, "failed to find host device: Link not found")]
    [InlineData("""{"hwaddr":"02:00:00:00:00:77"}""", 7, "failed to find host device: Link not found")]
    [InlineData("""{"pciBusID":"0000:99:00.0"}""", 7, "failed to find host device: no such device: /sys/bus/pci/devices/0000:99:00.0")]
    [InlineData(
        """{"runtimeConfig":{"deviceID":"0000:99:00.0"}}""",
        7,
        "failed to find host device: runtime config DeviceID 0000:99:00.0 not found or unsupported"
    )]
    public void What_is_wrong_is_refused_and_leaves_nothing(string keys, int code, string message)
    {
        using var host = new HostDeviceNode();
        var before = host.Facts();
        var pod = host.Node.AddPod();
        var refused = host.Node.Call("ADD", pod, host.WithIpam(keys));
        Assert.Equal((code, message), (refused.Code, refused.Message));
        host.Node.Call("DEL", pod, host.WithIpam(keys)).Succeeded();
        Assert.Equal(before, host.Facts());
        Assert.Empty(host.Node.Leases());
        host.HasNoRecord();
    }

    [KernelFact]
    public void A_name_that_the_pod_has_is_refused_and_both_devices_stay_where_they_are()
    {
        using var host = new HostDeviceNode();
        var before = host.Facts();
        var pod = host.Node.AddPod();
        pod.Tool("ip link add eth0 type veth peer name other");
        var refused = host.Node.Call("ADD", pod, host.WithIpam());
        Assert.Equal((101, "failed to move link failed to move \"eth0\" to container NS: file exists"), (refused.Code, refused.Message));
        Assert.Equal(before, host.Facts());
        host.Node.Call("DEL", pod, host.WithIpam()).Succeeded();
        pod.Tool("ip link show dev eth0");
        Assert.Equal(before, host.Facts());
        host.HasNoRecord();
    }

    [KernelFact]
    public void A_device_that_another_pod_has_is_named_with_its_pod_and_comes_after_its_DEL()
    {
        using var host = new HostDeviceNode();
        var (first, second) = (host.Node.AddPod(), host.Node.AddPod());
        host.Node.Call("ADD", first, HostDeviceNode.Config()).Succeeded();
        Assert.Equal(101, host.Node.Call("ADD", first, HostDeviceNode.Config()).Code);
        var refused = host.Node.Call("ADD", second, HostDeviceNode.Config());
        Assert.Equal((104, "failed to find host device: device nic0 is in container pod0 as eth0"), (refused.Code, refused.Message));
        // What the second one's DEL finds is the first one's.
        host.Node.Call("DEL", second, HostDeviceNode.Config()).Succeeded();
        first.Tool("ip link show dev eth0");
        host.Node.Call("DEL", first, HostDeviceNode.Config()).Succeeded();
        host.Node.Call("ADD", second, HostDeviceNode.Config()).Succeeded();
    }

    [KernelFact]
    public void An_IPAM_plugin_that_fails_leaves_the_device_on_the_node_as_it_was()
    {
        using var host = new HostDeviceNode();
        var before = host.Facts();
        var config = host.WithIpam();
        config["ipam"]!["ranges"] = new JsonArray(new JsonArray(new JsonObject { ["subnet"] = "10.1.0.0/31" }));
        var pod = host.Node.AddPod();
        Assert.NotEqual(0, host.Node.Call("ADD", pod, config).ExitCode);
        config = host.WithIpam();
        config["ipam"]!["routes"] = new JsonArray(
            new JsonObject
            {
                ["dst"] = "10.1.0.0/16",
                ["gw"] = "10.1.0.9",
                ["scope"] = 253,
            }
        );
        Assert.Equal(7, host.Node.Call("ADD", pod, config).Code);
        Assert.Equal(before, host.Facts());
        Assert.Empty(host.Node.Leases());
        host.HasNoRecord();
    }

    [KernelFact]
    public void STATUS_is_well_while_the_device_is_on_the_node_or_in_a_pod_and_says_when_it_is_gone()
    {
        using var host = new HostDeviceNode();
        var config = HostDeviceNode.Config(version: "1.1.0");
        host.Node.Call("STATUS", null, config).Succeeded();
        var pod = host.Node.AddPod();
        host.Node.Call("ADD", pod, config).Succeeded();
        host.Node.Call("STATUS", null, config).Succeeded();
        host.Node.Call("DEL", pod, config).Succeeded();
        host.Node.Tool("ip link del nic0");
        var status = host.Node.Call("STATUS", null, config);
        Assert.Equal((50, "failed to find host device: Link not found"), (status.Code, status.Message));
    }

    [KernelFact]
    public void Fifty_pods_get_their_devices_at_once_and_give_them_back()
    {
        using var host = new HostDeviceNode();
        var pods = Enumerable.Range(0, 50).Select(_ => host.Node.AddPod()).ToArray();
        for (var i = 0; i < pods.Length; i++)
        {
            host.Node.Tool($"ip link add card{i} mtu {1300 + i} type veth peer name far{i}");
            host.Node.Tool($"ip link set far{i} up");
        }

        var before = host.Node.Tool("ip -br link").Split('\n').Select(static line => line.Split('@')[0]).Order().ToArray();
        JsonObject ConfigOf(int i)
        {
            var config = host.WithIpam();
            config["device"] = $"card{i}";
            return config;
        }
        CallsBeside.AtOnce([.. Enumerable.Range(0, 50)], i => host.Node.CallBeside("ADD", pods[i], ConfigOf(i)).Succeeded());
        Assert.Equal(50, host.Node.Leases().Keys.Count(static address => !address.Contains(':', StringComparison.Ordinal)));
        CallsBeside.AtOnce([.. Enumerable.Range(0, 50)], i => host.Node.CallBeside("DEL", pods[i], ConfigOf(i)).Succeeded());
        Assert.Equal(before, host.Node.Tool("ip -br link").Split('\n').Select(static line => line.Split('@')[0]).Order());
        Assert.Contains("mtu 1349 ", host.Node.Tool("ip link show dev card49"), StringComparison.Ordinal);
        Assert.Empty(host.Node.Leases());
        host.HasNoRecord();
    }
}
