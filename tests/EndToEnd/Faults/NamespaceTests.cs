using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.Faults;

/// <summary>CNI_NETNS that is not, is no namespace, is the node's own, or is one no more.</summary>
public sealed class NamespaceTests
{
    [KernelTheory]
    [InlineData("missing", 3)]
    [InlineData("missing/below", 3)]
    [InlineData("file", 8)]
    [InlineData("directory", 8)]
    [InlineData("dangling", 3)]
    [InlineData("pipe", 8)]
    [InlineData("socket", 8)]
    [InlineData("/dev/zero", 8)]
    [InlineData("/proc/self/ns/mnt", 8)]
    [InlineData("/proc/self/ns/net", 8)]
    [InlineData("/proc/2147483647/ns/net", 3)]
    public void A_path_that_is_no_pods_namespace_is_refused_by_ADD_and_forgiven_by_DEL(string path, int code)
    {
        using var node = new CniNode();
        var config = node.BridgeConfig();
        var pod = node.AddPod();
        File.WriteAllText(Path.Combine(node.Directory, "file"), "");
        Directory.CreateDirectory(Path.Combine(node.Directory, "directory"));
        File.CreateSymbolicLink(Path.Combine(node.Directory, "dangling"), "nowhere");
        PlacedFile.Place("a named pipe", Path.Combine(node.Directory, "pipe"));
        PlacedFile.Place("a socket", Path.Combine(node.Directory, "socket"));
        var variable = "CNI_NETNS=" + Path.Combine(node.Directory, path);
        var before = MachineState.Of(node, pod);
        Assert.Equal(code, node.Call("ADD", pod, config, variable).Code);
        Assert.Empty(before.Difference(MachineState.Of(node, pod)));

        node.Call("ADD", pod, config).Succeeded();
        var check = node.Call("CHECK", pod, config, variable);
        Assert.True(check.ExitCode == 1 && check.Code is 3 or 8 or 100, check.Output);
        node.Call("DEL", pod, config, variable).Succeeded();
        Assert.Empty(before.Difference(MachineState.Of(node, pod), FaultyMachine.IsOfTheBridge));
    }

    [KernelFact]
    public void The_nodes_own_namespace_keeps_an_interface_of_the_containers_name()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig();
        var pod = node.AddPod();
        node.Call("ADD", pod, config).Succeeded();
        node.Tool("ip link add eth0 type veth peer name other");
        node.Call("DEL", pod, config, $"CNI_NETNS={node.Path}").Succeeded();
        Assert.Empty(node.Leases());
        var links = node.Tool("ip -brief link show type veth");
        Assert.Contains("eth0@other", links, StringComparison.Ordinal);
        Assert.Equal(2, links.TrimEnd().Split('\n').Length);
    }

    [KernelFact]
    public void A_namespace_that_is_gone_takes_its_pair_along_and_DEL_releases_the_rest()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig();
        var pod = new CniPod("gone");
        node.Call("ADD", pod, config).Succeeded();
        Assert.Single(node.Leases());
        pod.Dispose();
        node.Call("DEL", pod, config).Succeeded();
        Assert.Empty(node.Leases());
        Assert.Equal("", node.Tool("ip -brief link show type veth"));
    }

    [KernelTheory]
    [InlineData("")]
    [InlineData("/run/netns/unlinked")]
    public void A_namespace_without_a_path_loses_its_pair_by_the_host_ends_name(string path)
    {
        using var node = new CniNode();
        var config = node.BridgeConfig();
        var (pod, other) = (node.AddPod(), node.AddPod());
        node.Call("ADD", pod, config).Succeeded();
        node.Call("ADD", other, config).Succeeded();
        node.Call("DEL", pod, config, $"CNI_NETNS={path}").Succeeded();
        Assert.DoesNotContain("eth0", pod.Tool("ip -brief link"), StringComparison.Ordinal);
        Assert.Equal([other.Address], node.Leases().Keys);
        node.Call("CHECK", other, config).Succeeded();
    }

    [KernelFact]
    public void A_strangers_link_with_the_host_ends_name_makes_room_for_none_and_is_never_deleted()
    {
        using var node = new CniNode();
        var config = node.BridgeConfig();
        var pod = node.AddPod();
        node.Call("ADD", pod, config).Succeeded();
        var name = (string)pod.Result!["interfaces"]![1]!["name"]!;
        node.Call("DEL", pod, config).Succeeded();

        node.Tool($"ip link add {name} type veth peer name stranger");
        node.Call("ADD", pod, config).Succeeded();
        Assert.NotEqual(name, (string)pod.Result!["interfaces"]![1]!["name"]!);
        node.Call("DEL", pod, config, "CNI_NETNS=").Succeeded();
        Assert.DoesNotContain("eth0", pod.Tool("ip -brief link"), StringComparison.Ordinal);
        node.Tool($"ip link show {name}");
    }
}
