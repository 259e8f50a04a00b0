using System.Globalization;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes.Loop;

/// <summary>
/// A filesystem in a file: one loop device per file on a node, which the kernel frees with the last mount of it, so there is no state of
/// ours.
/// </summary>
/// <param name="policy">What the administrator allows.</param>
public sealed class LoopBackend(VolumePolicy policy) : Backend(policy)
{
    /// <inheritdoc/>
    public override string Name => "loop";

    /// <inheritdoc/>
    public override string Explain(PublishRequest request)
    {
        var plan = LoopPlan.From(request, Policy);
        if (plan.Trespass is not null)
            throw plan.Trespass;
        var made = plan.CreateSize is { } size
            ? string.Create(CultureInfo.InvariantCulture, $", created with {size} bytes if missing")
            : "";
        return $"mount the {plan.FsType} filesystem in {plan.Image}{made} on {request.Target} ({plan.Words.Attributes})";
    }

    /// <inheritdoc/>
    public override string Publish(PublishRequest request)
    {
        var plan = LoopPlan.From(request, Policy);
        using var target = VolumeTarget.Lock(request.Target, Policy);
        // What was mounted when there was no border stays with its pod; nothing is made for it.
        if (plan.Trespass is not null)
            plan = target.Top is null ? throw plan.Trespass : plan with { CreateSize = null };
        // Finding the file's device and creating one must not run twice at once.
        using var alone = PathLock.Take(Policy, $"loop: {plan.Image}");
        using var image = LoopImage.Open(plan, Policy);
        if (target.TryKeep(top => IsOf(top, image), $"{plan.FsType} in {plan.Image}", plan.Words.Attributes))
            return $"{plan.Image} is already mounted";
        if (plan.Trespass is not null)
            throw plan.Trespass;
        using var place = target.Prepare();
        using var device = FindDevice(plan, image) ?? Attach(plan, image);
        Mount(plan, device, image, place);
        target.Publish();
        return $"{plan.Image} is mounted from {device.Path}";
    }

    private static bool IsOf(MountEntry top, FileDescriptor image)
    {
        using var device = LoopDevice.FindByPath(top.Source);
        return device?.IsOf(image.Status()) ?? false;
    }

    private static LoopDevice? FindDevice(LoopPlan plan, FileDescriptor image)
    {
        var device = LoopDevice.Find(image);
        if (device is null || plan.ReadOnly || !device.IsReadOnly)
            return device;
        device.Dispose();
        throw new VolumeException($"loop: {plan.Image} is mounted read-only on this node and cannot be mounted writable at the same time");
    }

    private LoopDevice Attach(LoopPlan plan, FileDescriptor image)
    {
        ImageContent.Require(plan, image);
        if (plan is { FsType: "ext4", ReadOnly: false })
            MakeFit(plan, image);
        try
        {
            return LoopDevice.Attach(image, plan.Image.ToString(), new LoopOptions { ReadOnly = plan.ReadOnly, DirectIO = plan.DirectIO });
        }
        catch (ErrnoException e)
        {
            throw VolumeException.From(
                $"loop: cannot create a loop device for {plan.Image}",
                e,
                e.Errno == Errno.EINVAL && plan.DirectIO ? "set directIO: \"false\"" : ""
            );
        }
    }

    // Growing a mounted ext4 wants CAP_SYS_RESOURCE; where that was missing the image is larger than the filesystem, and now is the time.
    private void MakeFit(LoopPlan plan, FileDescriptor image)
    {
        var tools = new FilesystemTools(plan.Image.ToString(), Policy.MountTimeout);
        const int LargestBlock = 65536;
        if (Ext4Superblock.FindSize(image) is { } size && size + LargestBlock <= image.Status().Size)
            tools.GrowExt4(image);
        else if (plan.Check)
            tools.CheckExt4(image, force: false);
    }

    private void Mount(LoopPlan plan, LoopDevice device, FileDescriptor image, FileDescriptor place)
    {
        try
        {
            new Mounting(Policy.MountApi).Filesystem(
                new FilesystemMount(plan.FsType)
                {
                    Source = device.Path,
                    Parameters = plan.Words.Parameters,
                    Attributes = plan.Words.Attributes,
                },
                place
            );
        }
        catch (ErrnoException e)
        {
            throw VolumeException.From($"loop: cannot mount {plan.Image} as {plan.FsType}", e, Advice(plan, image, e.Errno));
        }
    }

    private static string Advice(LoopPlan plan, FileDescriptor image, Errno errno) =>
        errno switch
        {
            Errno.ENODEV => $"the kernel has no {plan.FsType} (modprobe {plan.FsType} on the node)",
            // xfs, and btrfs before Linux 6.7.
            Errno.EINVAL or Errno.EEXIST when ImageContent.FindTwin(image, plan.FsType) is { } twin => TwinAdvice(plan, twin),
            Errno.EINVAL when ImageContent.Has(image, plan.FsType) =>
                $"the kernel does not take one of these mount options, or a property of this {plan.FsType}, such as blocks larger than a "
                    + "page or a feature of a later kernel (its log says which)",
            Errno.EINVAL =>
                $"the kernel found no {plan.FsType} filesystem in it, or does not take these mount options (its log says which)",
            Errno.EROFS when plan.ReadOnly =>
                "it was not unmounted cleanly, and its log can be replayed only in a writable mount: mount it writable once, or without "
                    + $"the latest changes by the mount option {WithoutLog(plan.FsType)}",
            Errno.EBUSY => "if it is mounted read-only elsewhere on this node, it cannot be mounted writable at the same time, "
                + "nor the other way round",
            Errno.EUCLEAN => "its filesystem is damaged; run fsck on the node",
            _ => "",
        };

    private static string WithoutLog(string fsType) =>
        fsType switch
        {
            "xfs" => "norecovery",
            "btrfs" => "rescue=nologreplay",
            _ => "noload",
        };

    private static string TwinAdvice(LoopPlan plan, string twin) =>
        plan.FsType == "xfs"
            ? $"its UUID is also that of {twin}, which is in use: one is a copy of the other; give this one a new UUID (xfs_admin -U "
                + $"generate {plan.Image}), or add the mount option nouuid"
            : $"its UUID is also that of {twin}, which is in use: one is a copy of the other; give this one a new UUID (btrfstune -u "
                + $"{plan.Image})";

    /// <inheritdoc/>
    public override long Expand(ExpandRequest request)
    {
        using var target = VolumeTarget.Lock(request.Target, Policy);
        if (target.Top is not { } top || LoopDevice.FindByPath(top.Source) is not { } found)
            throw new VolumeException($"loop: no image is mounted on {target.Path}");
        using var device = found;
        using var alone = PathLock.Take(Policy, $"loop: {device.Path}");
        using var image = OpenBacking(device);
        var present = image.Status().Size;
        if (request.Bytes > present)
            GrowFile(image, present, request);
        var size = Math.Max(present, request.Bytes);
        GrowFilesystem(target.Path, top.Type, device, size);
        return size;
    }

    // By the name that the kernel knows now, and only if it is still that very file.
    private static FileDescriptor OpenBacking(LoopDevice device)
    {
        foreach (var backing in LoopDevice.List())
        {
            if (backing.Device != device.Path)
                continue;
            var image = FileDescriptor.FindForChange(backing.File);
            if (image is not null && device.IsOf(image.Status()))
                return image;
            image?.Dispose();
            throw new VolumeException(
                $"loop: the image of {device.Path}, {backing.File}, was removed or replaced while it is mounted; it cannot grow"
            );
        }

        throw new VolumeException($"loop: {device.Path} has no image any more");
    }

    private static void GrowFile(FileDescriptor image, long present, ExpandRequest request)
    {
        var more = request.Bytes - present;
        var space = image.Space();
        if (space.BytesAvailable < more)
        {
            throw new VolumeException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"loop: {image.Path} should grow by {more} bytes, but its filesystem has {space.BytesAvailable} left; free space on "
                        + $"the node"
                )
            );
        }

        try
        {
            if (request.Options.Flag("loop", "preallocate", false))
                image.Allocate(request.Bytes);
            image.SetLength(request.Bytes);
        }
        catch (ErrnoException e)
        {
            throw VolumeException.From($"loop: cannot grow {image.Path}", e);
        }
    }

    private static void GrowFilesystem(string target, string fsType, LoopDevice device, long size)
    {
        try
        {
            device.UpdateCapacity();
            using var directory = FileDescriptor.OpenDirectory(target);
            FilesystemGrowth.Grow(fsType, directory, size);
        }
        catch (ErrnoException e) when (e is { Errno: Errno.EPERM, Call: "EXT4_IOC_RESIZE_FS" })
        {
            throw VolumeException.From(
                $"loop: cannot grow the ext4 filesystem on {target} while it is mounted",
                e,
                "kubelet runs without CAP_SYS_RESOURCE; the image has grown, the filesystem grows at the next mount"
            );
        }
        catch (ErrnoException e)
        {
            throw VolumeException.From($"loop: cannot grow the {fsType} filesystem on {target}", e);
        }
        catch (NotSupportedException e)
        {
            throw new VolumeException($"loop: {e.Message}", e);
        }
    }
}
