using Plugboard.Linux.Files;

namespace Plugboard.Installer.FlexVolume;

/// <summary>
/// Which pods there are, by their control groups: kubelet makes a pod's before it mounts anything for it and removes it after the last
/// process. A directory of kubelet's may outlive its pod.
/// </summary>
internal sealed class LivePods
{
    // /sys/fs/cgroup/<controller>/<slice of kubelet's parent>/kubepods/burstable/pod<uid>, and one to spare.
    private const int MostDepth = 6;

    private readonly HashSet<string> uids = new(StringComparer.Ordinal);

    /// <summary>False where kubelet makes no control groups, so that nothing is known.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>Reads a directory such as /sys/fs/cgroup.</summary>
    public static LivePods Read(string directory)
    {
        var pods = new LivePods();
        pods.Read(directory, 0, isInside: false);
        return pods;
    }

    /// <summary>True where there is a pod of that uid.</summary>
    public bool Has(string uid) => uids.Contains(uid);

    private void Read(string path, int depth, bool isInside)
    {
        using var directory = FileDirectory.Find(path);
        foreach (var name in directory?.ReadNames() ?? [])
        {
            if (directory!.FindStatus(name) is not { IsDirectory: true })
                continue;
            var isGroups = isInside || name.Contains("kubepods", StringComparison.Ordinal);
            IsKnown |= isGroups;
            // "pod<uid>", or of systemd "kubepods-burstable-pod<uid with _ for ->.slice".
            var plain = name.EndsWith(".slice", StringComparison.Ordinal) ? name[..^6] : name;
            var at = plain.LastIndexOf("pod", StringComparison.Ordinal);
            if (isGroups && at >= 0 && (at == 0 || plain[at - 1] == '-'))
                uids.Add(plain[(at + 3)..].Replace('_', '-'));
            else if (depth < MostDepth)
                Read($"{path}/{name}", depth + 1, isGroups);
        }
    }
}
