using System.Globalization;
using System.Text;
using Plugboard.Drivers;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;
using Plugboard.Protocols.FlexVolume;
using Plugboard.Volumes;

namespace Plugboard.Installer.FlexVolume;

/// <summary>
/// Finds the leftovers of missing or killed calls: loop devices without a mount, the node agent's files, mounts and empty directories of
/// pods that are gone, and unused lock files. Open files stay, and no file of a volume is removed.
/// </summary>
/// <param name="kubelet">kubelet's directory.</param>
/// <param name="groups">The directory of control groups, which shows the pods.</param>
/// <param name="isDry">Only report.</param>
internal sealed class Collector(string kubelet, string groups, bool isDry)
{
    private readonly StringBuilder report = new();
    private readonly string pods = $"{RealPath.Of(kubelet)}/pods";

    /// <summary>Collects, and reports.</summary>
    public string Collect()
    {
        // First what is mounted: the kernel frees a loop device with its last mount.
        CollectPods();
        CollectLoopDevices();
        CollectNodeAgent();
        CollectLocks();
        return report.Length == 0 ? "nothing is left over\n" : report.ToString();
    }

    private void CollectPods()
    {
        var live = LivePods.Read(groups);
        if (!live.IsKnown)
            return;
        var table = MountTable.Read();
        foreach (var uid in NamesIn(pods))
        {
            if (live.Has(uid))
                continue;
            foreach (var driver in NamesIn($"{pods}/{uid}/volumes"))
            {
                var parent = $"{pods}/{uid}/volumes/{driver}";
                foreach (var volume in NamesIn(parent))
                {
                    if (MountList.FindDriver($"{parent}/{volume}") is { } name)
                        CollectVolume($"{parent}/{volume}", table, NodeConfig.LoadOrDefault(name));
                }
            }
        }
    }

    private void CollectVolume(string target, MountTable table, VolumePolicy policy)
    {
        var top = table.FindTop(target);
        if (top is { IsRemote: true } || table.Below(target).Any(static below => below.IsRemote))
            report.AppendLine(
                CultureInfo.InvariantCulture,
                $"left {top?.Type} mount {target} of a pod that is gone: its server may not answer; the driver's own \"unmount "
                    + $"{target}\" has a deadline"
            );
        else
            Do(
                top is null ? $"directory {target} of a pod that is gone" : $"{top.Type} mount {target} of a pod that is gone",
                () => Leftovers.Unpublish(target, policy)
            );
    }

    private void CollectLocks()
    {
        var policy = new VolumePolicy();
        foreach (var name in Leftovers.FreeLocks(policy, isDry))
            Do($"file {policy.LockDirectory}/{name} of an unused lock", static () => { });
    }

    // Ours are in the roots of the loop drivers. If one is busy for an unknown reason, the kernel frees it later.
    private void CollectLoopDevices()
    {
        var roots = NodeConfig.Load(new DriverName("plugboard", "loop")).Roots.Select(static root => RealPath.Of(root)).ToList();
        var mounted = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in MountTable.Read().Entries)
            mounted.Add(entry.Source);
        foreach (var backing in LoopDevice.List())
        {
            if (mounted.Contains(backing.Device) || !roots.Any(root => backing.File.StartsWith(root + "/", StringComparison.Ordinal)))
                continue;
            Do(
                $"loop device {backing.Device} of {backing.File}, which nothing is mounted from",
                () =>
                {
                    using var device = LoopDevice.FindByPath(backing.Device);
                    device?.Detach();
                }
            );
        }
    }

    private void CollectNodeAgent()
    {
        var policy = NodeConfig.Load(new DriverName("nodeagent", "uds"));
        var workloads = policy.ManagementHome + policy.WorkloadHome;
        foreach (var uid in NamesIn(workloads))
        {
            if (!IsPod(uid))
                Do(
                    $"directory {workloads}/{uid} of a pod that is gone",
                    () => Require(FileDirectory.TryRemoveDirectory($"{workloads}/{uid}"), $"{workloads}/{uid}")
                );
        }

        var credentials = policy.ManagementHome + policy.CredentialsHome;
        foreach (var name in NamesIn(credentials))
        {
            if (!name.EndsWith(".json", StringComparison.Ordinal) || IsPod(name[..^5]))
                continue;
            Do(
                $"file {credentials}/{name} of a pod that is gone",
                () =>
                {
                    using var directory = FileDirectory.Find(credentials);
                    directory?.Remove(name);
                }
            );
        }
    }

    private bool IsPod(string uid) => FileDescriptor.FindStatus($"{pods}/{uid}") is not null;

    private static List<string> NamesIn(string path)
    {
        using var directory = FileDirectory.Find(path);
        var names = directory?.ReadNames() ?? [];
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    private static void Require(Errno errno, string subject)
    {
        if (errno is not (Errno.None or Errno.ENOENT))
            throw new ErrnoException("rmdir", subject, errno);
    }

    private void Do(string what, Action work)
    {
        try
        {
            if (!isDry)
                work();
            report.AppendLine(CultureInfo.InvariantCulture, $"{(isDry ? "would remove" : "removed")} {what}");
        }
        catch (Exception e) when (e is ErrnoException or VolumeException)
        {
            report.AppendLine(CultureInfo.InvariantCulture, $"left {what}: {e.Message}");
        }
    }
}
