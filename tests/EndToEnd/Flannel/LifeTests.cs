using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Flannel;

/// <summary>Pods come and go, with our bridge and with the reference's.</summary>
[SupportedOSPlatform("linux")]
public sealed class LifeTests
{
    private const string IPv4 = "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1472\nFLANNEL_IPMASQ=true\n";
    private const string IPv6 =
        "FLANNEL_IPV6_NETWORK=2001:cafe:42::/56\nFLANNEL_IPV6_SUBNET=2001:cafe:42:1::1/64\nFLANNEL_MTU=1472\nFLANNEL_IPMASQ=true\n";
    private const string ManyNetworks =
        "FLANNEL_NETWORK=10.244.0.0/16,10.10.0.0/16,10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1472\nFLANNEL_IPMASQ=true\n";

    public static TheoryData<string, bool, string, string> Stacks
    {
        get
        {
            var data = new TheoryData<string, bool, string, string>();
            foreach (var ours in (bool[])[true, false])
            {
                data.Add(IPv4, ours, "10.244.1.2/24", "10.244.0.0/16");
                data.Add(IPv6, ours, "2001:cafe:42:1::2/64", "2001:cafe:42::/56");
                data.Add(ManyNetworks, ours, "10.244.1.2/24", "10.244.0.0/16 10.10.0.0/16");
                data.Add(
                    FlannelNode.DualStack.Replace("1450", "1472", StringComparison.Ordinal),
                    ours,
                    "10.244.1.2/24 2001:cafe:42:1::2/64",
                    "10.244.0.0/16 2001:cafe:42::/56"
                );
            }

            return data;
        }
    }

    [KernelTheory]
    [MemberData(nameof(Stacks))]
    public void A_pod_gets_the_node_s_part_of_the_network_and_gives_it_back(string subnet, bool ours, string addresses, string networks)
    {
        using var flannel = new FlannelNode(ours ? null : PluginDirectory.Reference);
        var pod = flannel.Node.AddPod();
        File.WriteAllText(flannel.SubnetFile, subnet);
        var added = flannel.Node.Call("ADD", pod, flannel.Config()).Succeeded();
        Assert.Equal("", added.Error);
        Assert.Equal(addresses.Split(' '), pod.Addresses);
        Assert.Equal(1472, pod.Json("ip -j link show eth0")[0].GetProperty("mtu").GetInt32());
        foreach (var network in networks.Split(' '))
            Assert.Contains(
                network,
                pod.Tool($"ip {(network.Contains(':', StringComparison.Ordinal) ? "-6" : "-4")} route"),
                StringComparison.Ordinal
            );
        Assert.Equal([pod.ContainerId], flannel.States);
        AssertPrivate(flannel, pod);

        var check = flannel.Node.Call("CHECK", pod, flannel.Config());
        // The reference's bridge does not find routes without a gateway that it made itself: its error is passed on.
        Assert.True(check.ExitCode == 0 || (!ours && check.Message.StartsWith("Expected Route", StringComparison.Ordinal)), check.Output);
        Assert.Equal("", flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded().Error);
        flannel.AssertClean();
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
    }

    private static void AssertPrivate(FlannelNode flannel, CniPod pod)
    {
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(Path.Combine(flannel.StateDirectory, pod.ContainerId))
        );
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(flannel.StateDirectory)
        );
    }

    [KernelFact]
    public void What_is_kept_is_the_reference_s_config_and_of_another_interface_than_eth0_its_name()
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        flannel.Node.Call("ADD", pod, flannel.Config()).Succeeded();
        var kept = File.ReadAllText(Path.Combine(flannel.StateDirectory, pod.ContainerId));
        Assert.Equal(Sorted(flannel.DelegateConfig("{}").ToJsonString()), Sorted(kept));
        Assert.Equal(kept, Sorted(kept) + "\n");
        var other = flannel.Node.AddPod();
        flannel.Node.Call("ADD", other, flannel.Config(), "CNI_IFNAME=net1").Succeeded();
        kept = File.ReadAllText(Path.Combine(flannel.StateDirectory, other.ContainerId));
        Assert.Equal(Sorted(flannel.DelegateConfig("""{"plugboard/ifname":"net1"}""").ToJsonString()), kept);
    }

    // As the reference reads it: it passes the file on as it is.
    [KernelTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_reference_releases_what_we_attached(bool ours)
    {
        using var flannel = new FlannelNode(ours ? null : PluginDirectory.Reference);
        var pod = flannel.Node.AddPod();
        flannel.Node.Call("ADD", pod, flannel.Config()).Succeeded();
        var file = Path.Combine(flannel.StateDirectory, pod.ContainerId);
        flannel.Node.CallRaw("DEL", pod, "bridge", File.ReadAllText(file), []).Succeeded();
        File.Delete(file);
        flannel.AssertClean();
    }

    [KernelTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_pod_that_the_reference_attached_is_checked_and_released(bool ours)
    {
        using var flannel = new FlannelNode(ours ? null : PluginDirectory.Reference);
        var pod = flannel.Node.AddPod();
        flannel.AddAsReference(pod, flannel.DelegateConfig());
        if (ours)
            flannel.Node.Call("CHECK", pod, flannel.Config()).Succeeded();
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
        flannel.AssertClean();
    }

    [KernelFact]
    public void A_pod_is_released_in_the_version_it_was_attached_with()
    {
        using var flannel = new FlannelNode(PluginDirectory.Reference);
        var pod = flannel.Node.AddPod();
        flannel.Node.Call("ADD", pod, flannel.Config("""{"cniVersion":"0.3.1"}""")).Succeeded();
        // The runtime's cache gives the result in the network's version of now.
        var result = (JsonObject)pod.Result!.DeepClone();
        foreach (var ip in result["ips"]!.AsArray())
            ip!.AsObject().Remove("version");
        result["cniVersion"] = "1.0.0";
        pod.Result = result;
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
        flannel.AssertClean();
    }

    [KernelFact]
    public void The_runtime_s_config_and_the_pod_s_arguments_reach_the_delegate()
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        flannel
            .Node.Call("ADD", pod, flannel.Config("""{"capabilities":{"mac":true},"runtimeConfig":{"mac":"02:11:22:33:44:55"}}"""))
            .Succeeded();
        Assert.Contains("02:11:22:33:44:55", pod.Tool("ip link show eth0"), StringComparison.Ordinal);
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
        flannel.Node.Call("ADD", pod, flannel.Config(), "CNI_ARGS=IgnoreUnknown=1;IP=10.244.1.77").Succeeded();
        Assert.Contains("10.244.1.77/24", pod.Addresses);
    }

    [KernelFact]
    public void Two_networks_of_one_pod_are_kept_apart()
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        var second = flannel.Config("""{"name":"other","delegate":{"bridge":"cni1","isDefaultGateway":false}}""");
        flannel.Node.Call("ADD", pod, flannel.Config()).Succeeded();
        var first = pod.Result;
        File.WriteAllText(
            flannel.SubnetFile,
            FlannelNode
                .DualStack.Replace("10.244.1.", "10.244.2.", StringComparison.Ordinal)
                .Replace(":42:1::", ":42:2::", StringComparison.Ordinal)
        );
        flannel.Node.Call("ADD", pod, second, "CNI_IFNAME=net1").Succeeded();
        var other = pod.Result;
        Assert.Equal([pod.ContainerId, $"{pod.ContainerId}:other:net1"], flannel.States);

        flannel.Node.Call("CHECK", pod, second, "CNI_IFNAME=net1").Succeeded();
        pod.Result = first;
        flannel.Node.Call("CHECK", pod, flannel.Config()).Succeeded();
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
        Assert.Empty(flannel.Node.Leases("cbr0"));
        Assert.Equal(2, flannel.Node.Leases("other").Count);
        pod.Result = other;
        flannel.Node.Call("CHECK", pod, second, "CNI_IFNAME=net1").Succeeded();
        flannel.Node.Call("DEL", pod, second, "CNI_IFNAME=net1").Succeeded();
        flannel.AssertClean("other");
    }

    [KernelFact]
    public void A_second_interface_in_the_network_of_a_pod_that_the_reference_attached_is_kept_apart()
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        var config = flannel.Config("""{"delegate":{"isDefaultGateway":false}}""");
        flannel.AddAsReference(pod, flannel.DelegateConfig("""{"isDefaultGateway":false,"ipam":{"routes":[]}}"""));
        // The interface is there: what the pod has stays.
        Assert.NotEqual(0, flannel.Node.Call("ADD", pod, config).ExitCode);
        pod.Tool("ip link show eth0");
        Assert.Equal([pod.ContainerId, $"{pod.ContainerId}:cbr0:eth0"], flannel.States);
        // Another one, without the route that the first has.
        File.WriteAllText(
            flannel.SubnetFile,
            FlannelNode
                .DualStack.Replace("10.244.0.0/16", "10.9.0.0/16", StringComparison.Ordinal)
                .Replace(":42::/56", ":43::/56", StringComparison.Ordinal)
        );
        pod.Result = null;
        flannel.Node.Call("ADD", pod, config, "CNI_IFNAME=net1").Succeeded();
        Assert.Equal([pod.ContainerId, $"{pod.ContainerId}:cbr0:eth0", $"{pod.ContainerId}:cbr0:net1"], flannel.States);
        flannel.Node.Call("DEL", pod, config, "CNI_IFNAME=net1").Succeeded();
        pod.Tool("ip link show eth0");
        pod.Result = null;
        flannel.Node.Call("DEL", pod, config).Succeeded();
        flannel.Node.Call("DEL", pod, config).Succeeded();
        flannel.AssertClean();
    }

    [KernelFact]
    public void Of_two_networks_that_the_reference_attached_both_are_released_though_it_kept_one()
    {
        using var flannel = new FlannelNode();
        var pod = flannel.Node.AddPod();
        flannel.AddAsReference(pod, flannel.DelegateConfig());
        var other = flannel.DelegateConfig(
            """{"name":"other","bridge":"cni1","isDefaultGateway":false,"ipam":{"ranges":[[{"subnet":"10.9.0.0/24"}]],"routes":[]}}"""
        );
        File.WriteAllText(Path.Combine(flannel.StateDirectory, pod.ContainerId), other.ToJsonString());
        flannel.Node.Call("ADD", pod, other, "CNI_IFNAME=net1").Succeeded();
        pod.Result = null;
        flannel.Node.Call("DEL", pod, flannel.Config()).Succeeded();
        Assert.Empty(flannel.Node.Leases("cbr0"));
        Assert.Single(flannel.Node.Leases("other"));
        flannel.Node.Call("DEL", pod, flannel.Config("""{"name":"other"}"""), "CNI_IFNAME=net1").Succeeded();
        flannel.AssertClean("other");
    }

    [KernelFact]
    public void GC_releases_what_is_stale_and_tells_the_delegate()
    {
        using var flannel = new FlannelNode();
        var (kept, stale, foreign) = (flannel.Node.AddPod(), flannel.Node.AddPod(), flannel.Node.AddPod());
        foreach (var pod in new[] { kept, stale })
            flannel.Node.Call("ADD", pod, flannel.Config()).Succeeded();
        flannel.AddAsReference(foreign, flannel.DelegateConfig());
        var config = flannel.Config("""{"cniVersion":"1.1.0"}""");
        flannel.Node.Call("GC", null, config).Succeeded();
        Assert.Equal(3, flannel.States.Count);

        config["cni.dev/valid-attachments"] = new JsonArray(new JsonObject { ["containerID"] = kept.ContainerId, ["ifname"] = "eth0" });
        var other = (JsonObject)config.DeepClone();
        other["name"] = "other";
        flannel.Node.Call("GC", null, other).Succeeded();
        Assert.Equal(3, flannel.States.Count);
        flannel.Node.Call("GC", null, config).Succeeded();
        Assert.Equal([kept.ContainerId], flannel.States);
        Assert.Equal(2, flannel.Node.Leases("cbr0").Count);
        flannel.Node.Call("CHECK", kept, flannel.Config()).Succeeded();
    }

    private static string Sorted(string json) =>
        new JsonObject(
            JsonNode
                .Parse(json)!
                .AsObject()
                .OrderBy(static member => member.Key, StringComparer.Ordinal)
                .Select(static member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))
        ).ToJsonString();
}
