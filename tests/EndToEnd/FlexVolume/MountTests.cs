using Plugboard.Linux.Mounts;
using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.FlexVolume;

/// <summary>Mounting and unmounting as kubelet does them, and as it should not but does.</summary>
[Collection("loop devices")]
public sealed class MountTests : IDisposable
{
    private readonly FlexNode node = new();

    /// <summary>Each backend that this kernel has, with options that suffice.</summary>
    public static TheoryData<string, string> Backends =>
        new()
        {
            { "plugboard~local", "" },
            { "plugboard~tmpfs", "\"size\":\"1Mi\"" },
            { "plugboard~loop", "\"file\":\"ns/a.img\",\"size\":\"16Mi\"" },
            { "plugboard~uds", "" },
            { "nodeagent~uds", "" },
        };

    [KernelTheory]
    [MemberData(nameof(Backends))]
    public void A_volume_is_mounted_once_however_often_it_is_asked_for(string driver, string members)
    {
        var before = node.State();
        var target = node.Mount(driver, members);
        var mounted = node.State();
        // What a restarted kubelet does.
        for (var i = 0; i < 3; i++)
            node.Mount(driver, members);
        Assert.Equal(mounted, node.State());
        Assert.Single(node.LayersOn(target));
        Assert.Equal(MountAttributes.NoSuid | MountAttributes.NoDev, node.Top(target)!.Attributes);
        for (var i = 0; i < 3; i++)
            node.Unmount(driver).Succeeded();
        Assert.Equal(before, node.State());
    }

    [KernelTheory]
    [MemberData(nameof(Backends))]
    public void Layers_that_others_stacked_and_mounts_below_are_peeled(string driver, string members)
    {
        var before = node.State();
        var target = node.Mount(driver, members);
        node.Shell($"mount --bind {target} {target}; mount --bind {target} {target}; mkdir -p {target}/sub; mount -t tmpfs x {target}/sub");
        node.Unmount(driver).Succeeded();
        Assert.Equal(before, node.State());
    }

    [KernelTheory]
    [MemberData(nameof(Backends))]
    public void A_foreign_mount_is_left_alone(string driver, string members)
    {
        var target = FlexNode.PodDirectory(driver, "v");
        node.Shell($"mkdir -p {target}; mount -t ramfs foreign {target}");
        var message = node.TryMount(driver, members).Message;
        Assert.StartsWith($"mount: {target} already has ramfs foreign mounted on it, expected ", message, StringComparison.Ordinal);
        Assert.EndsWith("; not touching it", message, StringComparison.Ordinal);
        Assert.Equal("foreign", Assert.Single(node.LayersOn(target)).Source);
    }

    [KernelTheory]
    [InlineData("a b")]
    [InlineData("a\nb")]
    [InlineData("a#b")]
    [InlineData("a\\040b")]
    [InlineData("ä ö")]
    public void A_directory_may_have_any_name(string volume)
    {
        var before = node.State();
        var target = node.Mount("plugboard~tmpfs", "\"size\":\"1Mi\"", volume);
        node.Mount("plugboard~tmpfs", "\"size\":\"1Mi\"", volume);
        Assert.Single(node.LayersOn(target));
        node.Unmount("plugboard~tmpfs", volume).Succeeded();
        Assert.Equal(before, node.State());
    }

    [KernelFact]
    public void A_directory_that_holds_something_is_not_hidden()
    {
        var target = FlexNode.PodDirectory("plugboard~tmpfs", "v");
        node.Shell($"mkdir -p {target}; touch {target}/data");
        node.TryMount("plugboard~tmpfs", "\"size\":\"1Mi\"")
            .Failed($"mount: {target} is not empty, it contains \"data\"; a mount would hide it");
        node.Unmount("plugboard~tmpfs").Failed($"unmount: {target} is not empty, it contains \"data\"; nothing in it was deleted");
        Assert.Equal("data", node.Shell($"ls {target}"));
    }

    [KernelFact]
    public void A_file_in_place_of_the_directory_or_of_one_above_it_is_named()
    {
        var target = FlexNode.PodDirectory("plugboard~tmpfs", "v");
        node.Shell($"mkdir -p {target}");
        node.Shell($"rm -r {target}; touch {target}");
        node.Unmount("plugboard~tmpfs").Failed($"unmount: {target} is not a directory, and nothing is mounted on it; remove it");
        node.Shell($"rm {target}; rmdir {Path.GetDirectoryName(target)}; touch {Path.GetDirectoryName(target)}");
        node.Unmount("plugboard~tmpfs")
            .Failed($"unmount: {Path.GetDirectoryName(target)} is not a directory, and nothing is mounted on it; remove it");
    }

    [KernelFact]
    public void A_link_in_place_of_the_directory_is_not_followed()
    {
        var target = FlexNode.PodDirectory("plugboard~tmpfs", "v");
        node.Shell($"mkdir -p /run/elsewhere {System.IO.Path.GetDirectoryName(target)}; ln -s /run/elsewhere {target}");
        node.TryMount("plugboard~tmpfs", "\"size\":\"1Mi\"").Failed($"mount: {target} is not a directory; remove it");
        Assert.Null(node.Top("/run/elsewhere"));
    }

    [KernelFact]
    public void A_busy_volume_stays_and_who_holds_it_is_named()
    {
        var target = node.Mount("plugboard~tmpfs", "\"size\":\"1Mi\"");
        var message = node.Shell(FlexNode.WhileOpen($"{target}/access.log", $"{FlexNode.Executable("plugboard~tmpfs")} unmount {target}"));
        Assert.Matches($"\"unmount: {target} is busy: pid [0-9]+ \\(sleep\\) has {target}/access.log open; kubelet will retry\"", message);
        Assert.NotNull(node.Top(target));
        node.Unmount("plugboard~tmpfs").Succeeded();
        Assert.Null(node.Top(target));
    }

    [KernelFact]
    public void A_volume_that_became_read_only_is_made_so_and_not_back()
    {
        var target = node.Mount("plugboard~local", "");
        node.Mount("plugboard~local", "", more: "\"kubernetes.io/readwrite\":\"ro\"");
        Assert.True(node.Top(target)!.IsReadOnly);
        node.TryMount("plugboard~local", "").Failed($"mount: {target} is mounted read-only, expected writable; unmount it first");
    }

    [KernelFact]
    public void A_failed_mount_leaves_nothing()
    {
        var before = node.State();
        Assert.Equal("Failure", node.TryMount("plugboard~tmpfs", "\"size\":\"1Mi\",\"huge\":\"bogus\"").Status);
        Assert.Equal("Failure", node.TryMount("plugboard~loop", "\"file\":\"ns/a.img\",\"size\":\"1Ki\"").Status);
        Assert.Equal("Failure", node.TryMount("plugboard~local", "\"path\":\"ns/nothing\"").Status);
        Assert.Equal(before, node.State());
        Assert.Equal("", node.Shell("find /var/lib/flexvolume -type f"));
    }

    [KernelFact]
    public void The_kernels_own_words_are_in_the_message() =>
        node.TryMount("plugboard~tmpfs", "\"size\":\"1Mi\",\"huge\":\"bogus\"")
            .Failed("tmpfs: cannot mount: EINVAL: tmpfs: Bad value for 'huge'");

    [KernelFact]
    public void Propagation_is_required_where_the_node_config_says_so()
    {
        node.Shell("echo '{\"requireSharedPropagation\":true}' > /etc/flexvolume/plugboard~tmpfs.json");
        node.TryMount("plugboard~tmpfs", "\"size\":\"1Mi\"")
            .Failed(
                "mount: /var/lib is not a shared mount, so the pod would not see what is mounted below it; mount --make-rshared /var/lib"
            );
        node.Shell("mount --make-rshared /var/lib");
        node.Mount("plugboard~tmpfs", "\"size\":\"1Mi\"");
    }

    [KernelFact]
    public void Two_hundred_volumes_are_mounted_at_once()
    {
        var before = node.State();
        var options = FlexNode.Options("\"size\":\"1Mi\"");
        var parent = $"{FlexNode.Kubelet}/pods/{FlexNode.Uid}/volumes/plugboard~tmpfs";
        var calls = node.Shell(
                $"for i in $(seq 200); do {FlexNode.Executable("plugboard~tmpfs")} mount {parent}/v$i '{options}' & done; wait"
            )
            .Split('\n');
        Assert.Equal(200, calls.Length);
        Assert.All(calls, static call => Assert.Contains("\"Success\"", call, StringComparison.Ordinal));
        Assert.Equal(200, node.Machine.Run(() => MountTable.Read().Below(parent).Count));
        calls = node.Shell($"for i in $(seq 200); do {FlexNode.Executable("plugboard~tmpfs")} unmount {parent}/v$i & done; wait")
            .Split('\n');
        Assert.All(calls, static call => Assert.Contains("\"Success\"", call, StringComparison.Ordinal));
        Assert.Equal(before, node.State());
    }

    [KernelTheory]
    [MemberData(nameof(Backends))]
    public void Twenty_calls_for_one_directory_at_once_mount_it_once(string driver, string members)
    {
        var target = FlexNode.PodDirectory(driver, "v");
        var calls = node.Shell(
                $"for i in $(seq 20); do {FlexNode.Executable(driver)} mount {target} '{FlexNode.Options(members)}' & done; wait"
            )
            .Split('\n');
        Assert.All(calls, static call => Assert.Contains("\"Success\"", call, StringComparison.Ordinal));
        Assert.Single(node.LayersOn(target));
        node.Unmount(driver).Succeeded();
    }

    [KernelTheory]
    [InlineData("fsopen,open_tree,mount_setattr,move_mount")]
    [InlineData("mount_setattr")]
    [InlineData("openat2")]
    public void An_older_kernel_will_do(string missing)
    {
        foreach (var row in Backends)
        {
            var (driver, members) = ((string)row[0], (string)row[1]);
            var before = node.State();
            var target = FlexNode.PodDirectory(driver, "v");
            var inject = missing.Split(',').SelectMany(static call => (string[])["-e", $"inject={call}:error=ENOSYS"]);
            node.Run([
                    "strace",
                    "-f",
                    "-qq",
                    "-o",
                    "/dev/null",
                    "-e",
                    $"trace={missing}",
                    .. inject,
                    FlexNode.Executable(driver),
                    "mount",
                    target,
                    FlexNode.Options(members),
                ])
                .Succeeded();
            Assert.Equal(MountAttributes.NoSuid | MountAttributes.NoDev, node.Top(target)!.Attributes);
            node.Unmount(driver).Succeeded();
            Assert.Equal(before, node.State());
        }
    }

    public void Dispose() => node.Dispose();
}
