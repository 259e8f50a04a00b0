using Plugboard.Drivers;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;
using Plugboard.Protocols.FlexVolume;
using Plugboard.Volumes;

namespace Plugboard.Installer.FlexVolume;

/// <summary>
/// Which mounts show what is another namespace's: the next mount of such a volume is refused unless the node config shares the roots.
/// </summary>
/// <param name="table">All mounts.</param>
internal sealed class MountBorder(MountTable table)
{
    private readonly Lazy<IReadOnlyDictionary<string, string>> spaces = new(static () => NamespaceBorder.Read(NamespaceBorder.PodLogs));
    private readonly Lazy<IReadOnlyList<LoopBacking>> images = new(static () => [.. LoopDevice.List()]);
    private readonly Dictionary<DriverName, VolumePolicy> policies = [];

    /// <summary>True if that is certain: a pod with an unknown namespace violates nothing.</summary>
    public bool IsCrossedBy(MountEntry mount, DriverName driver)
    {
        var uid = mount.Target.Split('/')[^4];
        if (Dialect.Find(driver)?.Backend is not ("local" or "loop") || !spaces.Value.TryGetValue(uid, out var space))
            return false;
        if (!policies.TryGetValue(driver, out var policy))
            policies.Add(driver, policy = NodeConfig.LoadOrDefault(driver));
        return !policy.IsShared
            && policy.Roots.Any(root =>
                FindInside(mount, RealPath.Of(root).TrimEnd('/')) is { } inside && !NamespaceBorder.IsOf(inside, space)
            );
    }

    private string? FindInside(MountEntry mount, string root)
    {
        foreach (var image in images.Value)
        {
            if (image.Device == mount.Source)
                return image.File.StartsWith(root + "/", StringComparison.Ordinal) ? image.File[(root.Length + 1)..] : null;
        }

        return NamespaceBorder.FindInside(table, mount, root);
    }
}
