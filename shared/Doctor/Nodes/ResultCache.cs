using Plugboard.Linux.Files;

namespace Plugboard.Doctor.Nodes;

/// <summary>The runtime's cache of what it attached (libcni): a file each, written after ADD and removed after DEL.</summary>
internal sealed class ResultCache
{
    private readonly HashSet<(string Network, string ContainerId)> known = [];
    private readonly HashSet<string> containers = new(StringComparer.Ordinal);

    private ResultCache(IReadOnlyList<CachedPod> pods, bool isComplete)
    {
        Pods = pods;
        IsComplete = isComplete;
        foreach (var pod in pods)
        {
            known.Add((pod.Network, pod.ContainerId));
            containers.Add(pod.ContainerId);
        }
    }

    /// <summary>All attachments.</summary>
    public IReadOnlyList<CachedPod> Pods { get; }

    /// <summary>True if every file could be read: a pod without a file is gone.</summary>
    public bool IsComplete { get; }

    /// <summary>True if the container has an attachment to that network.</summary>
    public bool Knows(string network, string containerId) => known.Contains((network, containerId));

    /// <summary>True if the container has any attachment.</summary>
    public bool KnowsContainer(string containerId) => containers.Contains(containerId);

    /// <summary>Reads the cache; null if absent.</summary>
    /// <param name="path">Its directory.</param>
    /// <param name="isForgotten">
    /// True if no DEL removes the pod's file any more; with the time at which it was written, in nanoseconds since 1970.
    /// </param>
    public static ResultCache? Find(string path, Func<CachedPod, Int128, bool> isForgotten)
    {
        using var directory = FileDirectory.Find(path);
        if (directory is null)
            return null;
        var pods = new List<CachedPod>();
        var complete = true;
        foreach (var name in directory.ReadNames())
        {
            if (!TryRead(directory, name, out var content))
                complete = false;
            // Null: gone since the names were read, its DEL is over.
            else if (content is not null && CachedPod.TryParse(content) is { } pod)
            {
                if (!isForgotten(pod, directory.FindStatus(name)?.ModifiedNanoseconds ?? 0))
                    pods.Add(pod);
            }
            else
                complete &= content is null;
        }

        return new ResultCache(pods, complete);
    }

    // False for anything but a file.
    private static bool TryRead(FileDirectory directory, string name, out byte[]? content)
    {
        content = null;
        try
        {
            using var file = directory.FindForReading(name);
            content = file?.ReadToEnd();
            return true;
        }
        catch (UnusableFileException)
        {
            return false;
        }
    }
}
