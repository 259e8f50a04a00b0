using System.Globalization;
using System.Text;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;
using Plugboard.Placement;

namespace Plugboard.FlexVolume;

/// <summary>Finds what calls that never came have left: loop devices that nothing is mounted from, and the node agent's files of pods that are gone.</summary>
/// <param name="kubelet">kubelet's directory.</param>
/// <param name="isDry">Only tell, do nothing.</param>
internal sealed class Collector(string kubelet, bool isDry)
{
    private readonly StringBuilder report = new();

    /// <summary>Collects, and tells what.</summary>
    public string Collect()
    {
        CollectLoopDevices();
        CollectNodeAgent();
        return report.Length == 0 ? "nothing is left over\n" : report.ToString();
    }

    // Ours are in the roots of the loop drivers. One that is busy in a way that is not seen here is freed by the kernel when that ends.
    private void CollectLoopDevices()
    {
        var roots = NodeConfig.Load(new DriverName("plugboard", "loop")).Roots;
        var mounted = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in MountTable.Read().Entries)
            mounted.Add(entry.Source);
        foreach (var backing in LoopDevice.List())
        {
            if (mounted.Contains(backing.Device) || !roots.Any(root => backing.File.StartsWith(root + "/", StringComparison.Ordinal)))
                continue;
            Do($"loop device {backing.Device} of {backing.File}, which nothing is mounted from", () =>
            {
                using var device = LoopDevice.FindByPath(backing.Device);
                device?.Detach();
            });
        }
    }

    private void CollectNodeAgent()
    {
        var policy = NodeConfig.Load(new DriverName("nodeagent", "uds"));
        var workloads = policy.ManagementHome + policy.WorkloadHome;
        foreach (var uid in NamesIn(workloads))
        {
            if (!IsPod(uid))
                Do($"directory {workloads}/{uid} of a pod that is gone", () => Require(FileDirectory.TryRemoveDirectory($"{workloads}/{uid}"), $"{workloads}/{uid}"));
        }

        var credentials = policy.ManagementHome + policy.CredentialsHome;
        foreach (var name in NamesIn(credentials))
        {
            if (!name.EndsWith(".json", StringComparison.Ordinal) || IsPod(name[..^5]))
                continue;
            Do($"file {credentials}/{name} of a pod that is gone", () =>
            {
                using var directory = FileDirectory.Find(credentials);
                directory?.Remove(name);
            });
        }
    }

    private bool IsPod(string uid) => FileDescriptor.FindStatus($"{kubelet}/pods/{uid}") is not null;

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
        catch (ErrnoException e)
        {
            report.AppendLine(CultureInfo.InvariantCulture, $"left {what}: {e.Message}");
        }
    }
}
