using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.RealUse;

/// <summary>A node on which ours replaces the reference, or the other way round, while pods are attached.</summary>
public sealed class MixedUseTests
{
    public static TheoryData<string, bool> VersionsAndAdders =>
        new()
        {
            { "0.3.1", true },
            { "0.3.1", false },
            { "0.4.0", true },
            { "0.4.0", false },
            { "1.0.0", true },
            { "1.0.0", false },
        };

    [KernelTheory]
    [MemberData(nameof(VersionsAndAdders))]
    public void What_one_bridge_attached_the_other_checks_and_removes(string version, bool oursAdds)
    {
        using var node = new CniNode();
        var config = DualStack(node, version);
        var pod = node.AddPod();

        node.Plugins = Of(oursAdds);
        node.Call("ADD", pod, config).Succeeded();
        node.Plugins = Of(!oursAdds);
        CheckIfThereIsOne(node, pod, config, version);
        Delete(node, pod, config, version);

        Assert.Empty(node.Leases());
        Assert.Equal("", node.Tool("ip -brief link show type veth"));
        Assert.Equal("", pod.Tool("ip -brief link show type veth"));
    }

    [KernelTheory]
    [MemberData(nameof(VersionsAndAdders))]
    public void What_one_host_local_leased_the_other_checks_and_releases(string version, bool oursAdds)
    {
        using var node = new CniNode();
        var config = DualStack(node, version);
        config["type"] = "host-local";
        var pod = node.AddPod();

        node.Plugins = Of(oursAdds);
        node.Call("ADD", pod, config).Succeeded();
        Assert.Equal(["10.1.0.2", "fd00:1::2"], node.Leases().Keys.Order(StringComparer.Ordinal));
        node.Plugins = Of(!oursAdds);
        CheckIfThereIsOne(node, pod, config, version);
        Delete(node, pod, config, version);

        Assert.Empty(node.Leases());
    }

    [KernelFact]
    public void Pods_of_both_share_a_bridge_and_its_addresses_and_change_hands()
    {
        using var node = new CniNode();
        var config = DualStack(node, "1.0.0");
        CniPod[] pods = [node.AddPod(), node.AddPod(), node.AddPod(), node.AddPod()];
        for (var i = 0; i < pods.Length; i++)
        {
            node.Plugins = Of(i % 2 == 0);
            node.Call("ADD", pods[i], config).Succeeded();
        }

        Assert.Equal(["10.1.0.2", "10.1.0.3", "10.1.0.4", "10.1.0.5"], pods.Select(static pod => pod.Address));
        pods[0].Tool($"ping -c 1 -W 2 {pods[1].Address}");
        pods[1].Tool($"ping -c 1 -W 2 {pods[2].Address}");
        pods[3].Tool("ping -c 1 -W 2 10.1.0.1");
        for (var i = 0; i < pods.Length; i++)
        {
            node.Plugins = Of(i % 2 == 1);
            node.Call("CHECK", pods[i], config).Succeeded();
            node.Call("DEL", pods[i], config).Succeeded();
        }

        Assert.Empty(node.Leases());
        Assert.Equal("", node.Tool("ip -brief link show type veth"));
    }

    [KernelTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_address_after_the_others_last_one_comes_next(bool oursFirst)
    {
        using var node = new CniNode();
        var config = DualStack(node, "1.0.0");
        config["type"] = "host-local";
        foreach (var (ours, address) in new[] { (oursFirst, "10.1.0.2"), (!oursFirst, "10.1.0.3"), (oursFirst, "10.1.0.4") })
        {
            node.Plugins = Of(ours);
            var pod = node.AddPod();
            node.Call("ADD", pod, config).Succeeded();
            Assert.Equal(address, pod.Address);
            node.Plugins = Of(!ours);
            node.Call("DEL", pod, config).Succeeded();
        }
    }

    [KernelTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_address_that_the_other_leased_is_taken_for_both(bool oursAdds)
    {
        using var node = new CniNode();
        var config = DualStack(node, "1.0.0");
        config["type"] = "host-local";
        node.Plugins = Of(oursAdds);
        node.Call("ADD", node.AddPod(), config).Succeeded();

        node.Plugins = Of(!oursAdds);
        var refused = node.Call("ADD", node.AddPod(), config, "CNI_ARGS=IP=10.1.0.2");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(
            "requested IP address 10.1.0.2 is not available in range set 10.1.0.1-10.1.255.254",
            refused.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(2, node.Leases().Count);
    }

    private static JsonObject DualStack(CniNode node, string version) =>
        node.BridgeConfig(config =>
        {
            config["cniVersion"] = version;
            config["hairpinMode"] = true;
            config["ipam"]!["ranges"]!.AsArray().Add(new JsonArray(new JsonObject { ["subnet"] = "fd00:1::/64" }));
            config["ipam"]!["routes"]!.AsArray().Add(new JsonObject { ["dst"] = "::/0" });
        });

    private static string Of(bool ours) => ours ? PluginDirectory.Ours : PluginDirectory.Reference;

    private static void CheckIfThereIsOne(CniNode node, CniPod pod, JsonObject config, string version)
    {
        if (version != "0.3.1")
            node.Call("CHECK", pod, config).Succeeded();
    }

    // A runtime passes prevResult to DEL from 0.4.0 on.
    private static void Delete(CniNode node, CniPod pod, JsonObject config, string version)
    {
        if (version == "0.3.1")
            pod.Result = null;
        node.Call("DEL", pod, config).Succeeded();
    }
}
