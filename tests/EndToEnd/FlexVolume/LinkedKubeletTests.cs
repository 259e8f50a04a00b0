using Plugboard.Testing;
using Plugboard.Tests.EndToEnd.Harness;

namespace Plugboard.Tests.EndToEnd.FlexVolume;

/// <summary>Where /var/lib/kubelet is a link, as to a larger disk: the kernel lists mounts by the path behind it.</summary>
[Collection("loop devices")]
public sealed class LinkedKubeletTests : IDisposable
{
    private const string Real = "/var/lib/disk/kubelet";
    private readonly FlexNode node = new();

    public LinkedKubeletTests() => node.Shell($"mkdir -p {Real}; ln -s disk/kubelet {FlexNode.Kubelet}");

    private static string Behind(string target) => target.Replace(FlexNode.Kubelet, Real, StringComparison.Ordinal);

    [KernelTheory]
    [MemberData(nameof(MountTests.Backends), MemberType = typeof(MountTests))]
    public void A_volume_is_mounted_once_and_unmounted(string driver, string members)
    {
        var target = Behind(node.Mount(driver, members));
        node.Mount(driver, members);
        Assert.Single(node.LayersOn(target));
        node.Unmount(driver).Succeeded();
        Assert.Empty(node.LayersOn(target));
        Assert.False(Directory.Exists(target));
    }

    [KernelFact]
    public void A_volume_grows()
    {
        var target = node.Mount("plugboard~tmpfs", "\"size\":\"1Mi\"");
        node.Call("plugboard~tmpfs", "expandfs", FlexNode.Options("\"size\":\"1Mi\""), "", target, "2097152", "1048576").Succeeded();
        Assert.Contains("size=2048k", node.Top(Behind(target))!.SuperOptions, StringComparison.Ordinal);
    }

    [KernelFact]
    public void Gc_finds_the_mounts_of_pods_that_are_gone()
    {
        var target = node.Mount("plugboard~tmpfs", "\"size\":\"1Mi\"");
        node.Shell("mkdir -p /run/cgroup/kubepods");
        Assert.Equal(
            $"removed tmpfs mount {Behind(target)} of a pod that is gone",
            node.Shell($"{PluginDirectory.Ours}/installer flexvolume gc --cgroup-dir /run/cgroup")
        );
        Assert.Empty(node.LayersOn(Behind(target)));
    }

    public void Dispose() => node.Dispose();
}
