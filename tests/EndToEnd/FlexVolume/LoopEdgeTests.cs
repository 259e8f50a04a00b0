using System.Text.RegularExpressions;
using Plugboard.Testing;

namespace Plugboard.Tests.EndToEnd.FlexVolume;

/// <summary>Images that are damaged, too large, many, busy or replaced.</summary>
[Collection("loop devices")]
public sealed partial class LoopEdgeTests : IDisposable
{
    private const string Driver = "plugboard~loop";
    private const string Root = "/var/lib/flexvolume/loop/ns";
    private readonly FlexNode node = new();

    private int Devices() => node.State().Count(static fact => fact.StartsWith("loop ", StringComparison.Ordinal));

    [KernelFact]
    public void A_truncated_image_is_refused_and_leaves_no_device()
    {
        node.Mount(Driver, "\"file\":\"ns/a.img\",\"size\":\"64Mi\"");
        node.Unmount(Driver).Succeeded();
        node.Shell($"truncate -s 20M {Root}/a.img");
        var before = node.State();
        var message = node.TryMount(Driver, "\"file\":\"ns/a.img\",\"fsck\":\"never\"").Message;
        Assert.StartsWith($"loop: cannot mount {Root}/a.img as ext4: ", message, StringComparison.Ordinal);
        Assert.Equal(before, node.State());
    }

    [KernelTheory]
    [InlineData("mkfs.xfs -q -d size=300m,file,name=$0", "", "has a filesystem of type xfs, not ext4: set fsType of the volume to xfs")]
    [InlineData("mkfs.ext4 -q $0 20M", ",\"fsType\":\"xfs\"", "has a filesystem of type ext4, not xfs: set fsType of the volume to ext4")]
    [InlineData("truncate -s 0 $0", ",\"size\":\"64Mi\"", "is empty; remove it, and option \"size\" makes it with a filesystem")]
    public void An_image_with_something_else_in_it_is_refused_by_its_name(string make, string more, string message)
    {
        node.Shell($"mkdir -p {Root}; {make.Replace("$0", $"{Root}/a.img", StringComparison.Ordinal)}");
        var before = node.Shell($"sha256sum {Root}/a.img");
        Assert.StartsWith(
            $"loop: {Root}/a.img {message}",
            node.TryMount(Driver, $"\"file\":\"ns/a.img\"{more}").Message,
            StringComparison.Ordinal
        );
        Assert.Equal(before, node.Shell($"sha256sum {Root}/a.img"));
        Assert.Equal(0, Devices());
    }

    [KernelFact]
    public void A_tool_s_complaint_names_the_image()
    {
        node.Shell($"mkdir -p {Root}; head -c 1000000 /dev/urandom > {Root}/a.img");
        var message = node.TryMount(Driver, "\"file\":\"ns/a.img\"").Message;
        Assert.StartsWith($"loop: e2fsck -p of {Root}/a.img failed: ", message, StringComparison.Ordinal);
        Assert.DoesNotContain("/proc/", message, StringComparison.Ordinal);
    }

    [KernelFact]
    public void An_image_that_the_disk_has_no_room_for_is_not_made()
    {
        node.Shell($"mkdir -p {Root}; mount -t tmpfs -o size=8M small {Root}");
        var message = node.TryMount(Driver, "\"file\":\"ns/a.img\",\"size\":\"64Mi\",\"preallocate\":\"true\"").Message;
        Assert.Contains("ENOSPC", message, StringComparison.Ordinal);
        Assert.Equal("", node.Shell($"ls -A {Root}"));
        Assert.Equal(0, Devices());
        node.Shell($"umount {Root}");
    }

    [KernelFact]
    public void Twelve_images_are_mounted_at_once()
    {
        for (var i = 0; i < 12; i++)
            node.Mount(Driver, $"\"file\":\"ns/{i}.img\",\"size\":\"16Mi\"", $"v{i}");
        Assert.Equal(12, Devices());
        for (var i = 0; i < 12; i++)
            node.Unmount(Driver, $"v{i}").Succeeded();
        Assert.Equal(0, Devices());
    }

    [KernelFact]
    public void A_busy_image_stays_with_its_device_and_who_holds_it_is_named()
    {
        var target = node.Mount(Driver, "\"file\":\"ns/a.img\",\"size\":\"16Mi\"");
        var answer = node.Shell(FlexNode.WhileOpen($"{target}/log", $"{FlexNode.Executable(Driver)} unmount {target}"));
        Assert.Matches(BusyPattern(), answer);
        Assert.Equal(1, Devices());
        node.Unmount(Driver).Succeeded();
        Assert.Equal(0, Devices());
    }

    [KernelFact]
    public void An_image_in_use_read_only_is_not_written_beside_that()
    {
        node.Mount(Driver, "\"file\":\"ns/a.img\",\"size\":\"16Mi\"");
        node.Unmount(Driver).Succeeded();
        node.Mount(Driver, "\"file\":\"ns/a.img\",\"readOnly\":\"true\"", "reader");
        node.TryMount(Driver, "\"file\":\"ns/a.img\"", "writer")
            .Failed($"loop: {Root}/a.img is mounted read-only on this node and cannot be mounted writable at the same time");
        node.Unmount(Driver, "reader").Succeeded();
        Assert.Equal(0, Devices());
    }

    [KernelFact]
    public void An_image_that_was_replaced_is_another_volume()
    {
        var target = node.Mount(Driver, "\"file\":\"ns/a.img\",\"size\":\"16Mi\"");
        node.Shell($"touch {target}/old; cp {Root}/a.img {Root}/b.img; mv {Root}/b.img {Root}/a.img");
        // The name leads to a new file, and what is mounted is the old one.
        Assert.Matches(
            $"^mount: {target} already has ext4 /dev/loop[0-9]+ mounted on it, expected ext4 in {Root}/a.img; " + "not touching it",
            node.TryMount(Driver, "\"file\":\"ns/a.img\"").Message
        );
        var other = node.Mount(Driver, "\"file\":\"ns/a.img\"", "other");
        Assert.NotEqual(node.Top(target)!.Source, node.Top(other)!.Source);
        node.Unmount(Driver).Succeeded();
        node.Unmount(Driver, "other").Succeeded();
        Assert.Equal(0, Devices());
    }

    [GeneratedRegex(@"""unmount: \S+/v is busy: pid [0-9]+ \(sleep\) has \S+/v/log open; kubelet will retry""", RegexOptions.None, 1000)]
    private static partial Regex BusyPattern();

    public void Dispose() => node.Dispose();
}
