using Plugboard.Doctor.Nodes;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;
using Plugboard.Volumes;

namespace Plugboard.Doctor.Checks;

/// <summary>
/// What FlexVolume calls that never came have left, loop devices and mounts; and directories that pods have of another namespace.
/// </summary>
internal sealed class VolumeCheck : ICheck
{
    private const string Deleted = "//deleted";
    private const string LocalRoot = "/var/lib/flexvolume/local";
    private const string ConfigDirectory = "/etc/flexvolume";

    public string Name => "volumes";

    public IEnumerable<Finding> Examine(Node node)
    {
        var mounts = MountTable.Read();
        return [.. Mounts(node, mounts), .. Loops(node, mounts), .. Namespaces(node, mounts)];
    }

    private static IEnumerable<Finding> Mounts(Node node, MountTable mounts)
    {
        var pods = node.Really(node.Options.KubeletDirectory) + "/pods";
        foreach (var mount in mounts.Below(pods))
        {
            var (uid, isFlexVolume) = Parse(mount.Target[(pods.Length + 1)..]);
            if (!isFlexVolume || FindOrphan(mount, $"{pods}/{uid}") is not { } how)
                continue;
            yield return new Finding(
                FindingIds.MountOrphaned,
                Severity.Warning,
                $"{node.OnNode(mount.Target)} ({mount.Type} {mount.Source}): {how}",
                "kubelet cannot clean up the pod (\"orphaned pod found, but volumes are still mounted\"), and the volume stays in use",
                $"check that no process uses it (`fuser -vm {node.OnNode(mount.Target)}`), then `umount {node.OnNode(mount.Target)}`"
            )
            {
                Subject = mount.Target,
                MayPass = true,
            };
        }
    }

    // <uid>/volumes/<vendor>~<driver>/<name>; kubernetes.io~… are kubelet's own.
    internal static (string Uid, bool IsFlexVolume) Parse(string path)
    {
        var parts = path.Split('/');
        return (
            parts[0],
            parts.Length == 4
                && parts[1] == "volumes"
                && parts[2].Contains('~', StringComparison.Ordinal)
                && !parts[2].StartsWith("kubernetes.io~", StringComparison.Ordinal)
        );
    }

    // No request goes to a server, which may not answer.
    private static string? FindOrphan(MountEntry mount, string pod)
    {
        if (mount.Root.EndsWith(Deleted, StringComparison.Ordinal) || mount.Target.EndsWith(Deleted, StringComparison.Ordinal))
            return "the mounted directory was deleted";
        try
        {
            return FileDescriptor.FindStatus(pod) is null ? "the pod's directory is gone, or another mount covers it" : null;
        }
        catch (ErrnoException)
        {
            return null;
        }
    }

    private static IEnumerable<Finding> Loops(Node node, MountTable mounts)
    {
        // In a pod the table is the pod's own; process 1 sees what the node sees.
        var mounted = mounts
            .Entries.Concat(MountTable.Find(1)?.Entries ?? [])
            .Select(static entry => entry.Source)
            .ToHashSet(StringComparer.Ordinal);
        foreach (var loop in LoopDevice.List())
        {
            if (mounted.Contains(loop.Device) || IsHeld(loop.Device) || !IsOfPods(node, loop.File))
                continue;
            yield return new Finding(
                FindingIds.LoopOrphaned,
                Severity.Warning,
                $"{loop.Device} is attached to {loop.File}, but not mounted",
                "no other pod can use the image, and its space cannot be freed",
                $"`losetup -d {loop.Device}`, or `installer flexvolume gc`"
            )
            {
                Subject = loop.Device,
                MayPass = true,
            };
        }
    }

    // Volumes of another mount namespace, dm-crypt, LVM: a use that this table does not show.
    private static bool IsHeld(string device)
    {
        using var holders = FileDirectory.Find($"/sys/block/{Path.GetFileName(device)}/holders");
        return holders?.ReadNames().Count > 0;
    }

    // A directory that a pod has of another namespace: mounted before there was a border, or while the node config shared the roots.
    private static IEnumerable<Finding> Namespaces(Node node, MountTable mounts)
    {
        var pods = node.Really(node.Options.KubeletDirectory) + "/pods";
        var spaces = NamespaceBorder.Read(node.Under(NamespaceBorder.PodLogs));
        foreach (var mount in mounts.Below(pods))
        {
            var (uid, isFlexVolume) = Parse(mount.Target[(pods.Length + 1)..]);
            if (
                !isFlexVolume
                || !spaces.TryGetValue(uid, out var space)
                || FindInside(node, mounts, mount) is not { } inside
                || NamespaceBorder.IsOf(inside, space)
            )
                continue;
            yield return new Finding(
                FindingIds.VolumeNamespace,
                Severity.Notice,
                $"{node.OnNode(mount.Target)}, of a pod of namespace {space}, "
                    + $"shows {LocalRoot}/{inside}, which is not in {LocalRoot}/{space}",
                "the pod works with it until it ends; the next mount of the volume is refused",
                $"move the directory below {LocalRoot}/{space} and change the volume's path, "
                    + $"or set \"shared\": true in the driver's config below {ConfigDirectory}"
            )
            {
                Subject = mount.Target,
            };
        }
    }

    // Only where nothing was configured is it known what the driver would do.
    private static string? FindInside(Node node, MountTable mounts, MountEntry mount)
    {
        var driver = mount.Target.Split('/')[^2];
        return
            driver.EndsWith("~local", StringComparison.Ordinal)
            && FileDescriptor.FindStatus(node.Under($"{ConfigDirectory}/{driver}.json")) is null
            ? NamespaceBorder.FindInside(mounts, mount, node.Really(LocalRoot))
            : null;
    }

    // Loop devices belong to the machine, not to the node's root; those of snap and other programs are skipped.
    private static bool IsOfPods(Node node, string file)
    {
        var path = file.EndsWith(" (deleted)", StringComparison.Ordinal) ? file[..^" (deleted)".Length] : file;
        return node.VolumeRoots.Any(root => path.StartsWith(root + "/", StringComparison.Ordinal));
    }
}
