using System.Text.Json.Nodes;
using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Faults;

public sealed class GarbageCollectionTests
{
    [KernelFact]
    public void Without_a_list_GC_does_nothing() => Collect(static (_, _) => null, static pods => pods);

    [KernelFact]
    public void With_an_empty_list_GC_releases_all_of_the_network_and_nothing_of_another() => Collect(static (_, _) => [], static _ => []);

    [KernelFact]
    public void With_some_in_the_list_GC_keeps_these() => Collect(static (pods, _) => [Attachment(pods[1])], static pods => [pods[1]]);

    [KernelFact]
    public void An_attachment_is_container_and_interface_both() =>
        Collect(
            static (pods, _) => [Attachment(pods[0]), new JsonObject { ["containerID"] = pods[1].ContainerId, ["ifname"] = "net1" }],
            static pods => [pods[0]]
        );

    [KernelFact]
    public void Attachments_of_another_network_keep_nothing() => Collect(static (_, others) => [Attachment(others[0])], static _ => []);

    private static JsonObject Attachment(CniPod pod) => new() { ["containerID"] = pod.ContainerId, ["ifname"] = pod.IfName };

    private static void Collect(Func<CniPod[], CniPod[], JsonArray?> valid, Func<CniPod[], CniPod[]> kept)
    {
        using var node = new CniNode();
        var config = node.BridgeConfig(static config => config["cniVersion"] = "1.1.0");
        var other = node.BridgeConfig(static config => (config["cniVersion"], config["name"]) = ("1.1.0", "other"));
        other["ipam"]!["ranges"] = new JsonArray(new JsonArray(new JsonObject { ["subnet"] = "10.1.0.0/16", ["rangeStart"] = "10.1.9.0" }));
        var pods = Enumerable.Range(0, 3).Select(_ => node.AddPod()).ToArray();
        var others = Enumerable.Range(0, 2).Select(_ => node.AddPod()).ToArray();
        foreach (var pod in pods)
            node.Call("ADD", pod, config).Succeeded();
        foreach (var pod in others)
            node.Call("ADD", pod, other).Succeeded();

        var call = (JsonObject)config.DeepClone();
        if (valid(pods, others) is { } list)
            call["cni.dev/valid-attachments"] = list;
        node.Call("GC", null, call).Succeeded();

        var left = kept(pods);
        Assert.Equal(
            left.Select(static pod => pod.Address).Order(StringComparer.Ordinal),
            node.Leases().Keys.Order(StringComparer.Ordinal)
        );
        Assert.Equal(2, node.Leases("other").Count);
        foreach (var pod in left)
            node.Call("CHECK", pod, config).Succeeded();
        foreach (var pod in others)
            node.Call("CHECK", pod, other).Succeeded();
        Assert.Equal(left.Length + others.Length, node.Tool("ip -brief link show master cni0").TrimEnd().Split('\n').Length);
        foreach (var pod in pods)
            node.Call("DEL", pod, config).Succeeded();
        Assert.Empty(node.Leases());
    }
}
