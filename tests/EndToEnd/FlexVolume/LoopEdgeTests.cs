using System.Globalization;
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
    [InlineData(
        "truncate -s 64M $0",
        "",
        "has no filesystem, only zeros where it should begin; if it is a new image, make one: mkfs.ext4 "
    )]
    [InlineData(
        "truncate -s 64M $0",
        ",\"fsType\":\"xfs\"",
        "has no filesystem, only zeros where it should begin; if it is a new image, make"
    )]
    [InlineData("head -c 9999999 /dev/urandom | gzip > $0", "", "is compressed (gzip); unpack it")]
    [InlineData("truncate -s 9M $0; mkswap $0", "", "is swap space; the driver mounts images with ext4, xfs or btrfs alone")]
    [InlineData(
        "truncate -s 9M $0; printf LUKS\\\\272\\\\276 | dd of=$0 conv=notrunc",
        ",\"readOnly\":\"true\"",
        "is an encrypted volume (LUKS); "
    )]
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
    public void A_copy_of_an_image_is_named_as_the_cause_and_can_be_mounted_all_the_same()
    {
        node.Shell($"mkdir -p {Root}; mkfs.xfs -q -d size=300m,file,name={Root}/a.img; cp --sparse=always {Root}/a.img {Root}/b.img");
        node.Mount(Driver, "\"file\":\"ns/a.img\",\"fsType\":\"xfs\"");
        Assert.Equal(
            $"loop: cannot mount {Root}/b.img as xfs: EINVAL: invalid argument; its UUID is also that of {Root}/a.img, which is in use: "
                + $"one is a copy of the other; give this one a new UUID (xfs_admin -U generate {Root}/b.img), or add the mount "
                + "option nouuid",
            node.TryMount(Driver, "\"file\":\"ns/b.img\",\"fsType\":\"xfs\"", "copy").Message
        );
        Assert.Equal(1, Devices());
        node.Mount(Driver, "\"file\":\"ns/b.img\",\"fsType\":\"xfs\",\"mountOptions\":\"nouuid\"", "copy");
        node.Unmount(Driver, "copy").Succeeded();
        node.Unmount(Driver).Succeeded();
        Assert.Equal(0, Devices());
    }

    [KernelTheory]
    [InlineData("ext4", "noload")]
    [InlineData("xfs", "norecovery")]
    public void An_image_that_was_not_unmounted_cleanly_says_what_a_read_only_mount_of_it_wants(string fsType, string word)
    {
        var type = $",\"fsType\":\"{fsType}\"";
        var target = node.Mount(Driver, $"\"file\":\"ns/a.img\",\"size\":\"300Mi\"{type}");
        node.Shell($"echo one > {target}/one; sync -f {target}/one; cp --sparse=always {Root}/a.img {Root}/b.img");
        node.Unmount(Driver).Succeeded();
        var reader = $"\"file\":\"ns/b.img\",\"readOnly\":\"true\"{type}";
        Assert.Equal(
            $"loop: cannot mount {Root}/b.img as {fsType}: EROFS: read-only file system; it was not unmounted cleanly, and its log can be "
                + "replayed only in a writable mount: mount it writable once, or without the latest changes by the mount option "
                + word,
            node.TryMount(Driver, reader, "reader").Message
        );
        node.Mount(Driver, $"{reader},\"mountOptions\":\"{word}\"", "reader");
        node.Unmount(Driver, "reader").Succeeded();
        Assert.Equal(0, Devices());
    }

    [KernelTheory]
    [InlineData("ext2")]
    [InlineData("ext3")]
    public void The_forerunners_of_ext4_are_mounted_as_ext4(string fsType)
    {
        node.Shell($"mkdir -p {Root}; mkfs.{fsType} -q {Root}/a.img 20M");
        var target = node.Mount(Driver, $"\"file\":\"ns/a.img\",\"fsType\":\"{fsType}\"");
        Assert.Equal("ext4", node.Top(target)!.Type);
        node.Unmount(Driver).Succeeded();
    }

    [KernelFact]
    public void An_image_on_a_read_only_filesystem_says_how_it_can_be_had()
    {
        node.Shell($"mkdir -p {Root}; mount -t tmpfs images {Root}; mkfs.ext4 -q {Root}/a.img 20M; mount -o remount,ro {Root}");
        node.TryMount(Driver, "\"file\":\"ns/a.img\"")
            .Failed(
                "loop: cannot open \"ns/a.img\" below /var/lib/flexvolume/loop: EROFS: read-only file system; the filesystem of "
                    + $"{Root}/a.img is mounted read-only: mount it writable; what exists already can be mounted with readOnly: \"true\""
            );
        node.Mount(Driver, "\"file\":\"ns/a.img\",\"readOnly\":\"true\"");
        node.Unmount(Driver).Succeeded();
        node.Shell($"umount {Root}");
    }

    [KernelFact]
    public void An_image_that_the_disk_has_no_room_for_is_not_made()
    {
        node.Shell($"mkdir -p {Root}; mount -t tmpfs -o size=8M small {Root}");
        var message = node.TryMount(Driver, "\"file\":\"ns/a.img\",\"size\":\"64Mi\",\"preallocate\":\"true\"").Message;
        Assert.EndsWith(
            $"ENOSPC: no space left on device; free space or inodes on the filesystem of {Root} (df {Root}; df -i {Root})",
            message
        );
        node.Shell($"head -c 8M /dev/zero > {Root}/filler");
        message = node.TryMount(Driver, "\"file\":\"ns/a.img\",\"size\":\"64Mi\",\"preallocate\":\"true\"").Message;
        Assert.EndsWith($"the filesystem of {Root} is full (df {Root}): free space there", message);
        node.Shell($"rm {Root}/filler");
        Assert.Equal("", node.Shell($"ls -A {Root}"));
        Assert.Equal(0, Devices());
        node.Shell($"umount {Root}");
    }

    [KernelTheory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    public void A_preallocated_image_has_its_space_when_it_is_made(string fsType)
    {
        var target = node.Mount(Driver, $"\"file\":\"ns/a.img\",\"size\":\"300Mi\",\"preallocate\":\"true\",\"fsType\":\"{fsType}\"");
        Assert.InRange(MebibytesOf("a.img"), 300, 301);
        // The filesystem may not grow without CAP_SYS_RESOURCE; its image has.
        node.Call(Driver, "expandfs", FlexNode.Options("\"preallocate\":\"true\""), "", target, $"{400L << 20}", $"{300L << 20}");
        Assert.InRange(MebibytesOf("a.img"), 400, 401);
        node.Unmount(Driver).Succeeded();
    }

    private int MebibytesOf(string image) => int.Parse(node.Shell($"du -m {Root}/{image} | cut -f1"), CultureInfo.InvariantCulture);

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
