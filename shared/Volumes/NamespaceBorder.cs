using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes;

/// <summary>
/// Which namespace's directory a mount shows, and which namespaces the node's pods are of: what was mounted before there was a border, or
/// while the roots were shared, is found so.
/// </summary>
public static class NamespaceBorder
{
    /// <summary>Where kubelet keeps the logs of each pod, in a directory <c>namespace_name_uid</c>.</summary>
    public const string PodLogs = "/var/log/pods";

    /// <summary>True if a path below a root is in the directory of a namespace.</summary>
    public static bool IsOf(string inside, string space) => inside == space || inside.StartsWith(space + "/", StringComparison.Ordinal);

    /// <summary>The path below a root of what a bind mount shows; null if it shows something else.</summary>
    /// <param name="table">All mounts.</param>
    /// <param name="mount">The bind mount.</param>
    /// <param name="root">The root: absolute, without a slash behind it.</param>
    public static string? FindInside(MountTable table, MountEntry mount, string root)
    {
        if (table.FindHolding(root) is not { } holding || holding.Major != mount.Major || holding.Minor != mount.Minor)
            return null;
        var rest = holding.Target == "/" ? root : root[holding.Target.Length..];
        var shown = holding.Root.TrimEnd('/') + rest;
        return mount.Root == shown ? ""
            : mount.Root.StartsWith(shown + "/", StringComparison.Ordinal) ? mount.Root[(shown.Length + 1)..]
            : null;
    }

    /// <summary>The namespaces of pods by the pods' uids.</summary>
    /// <param name="logs"><see cref="PodLogs"/> as this process sees it.</param>
    public static IReadOnlyDictionary<string, string> Read(string logs)
    {
        var spaces = new Dictionary<string, string>(StringComparer.Ordinal);
        using var directory = FileDirectory.Find(logs);
        foreach (var name in directory?.ReadNames() ?? [])
        {
            // Neither a namespace's name nor a uid has an underscore.
            if (name.IndexOf('_', StringComparison.Ordinal) is > 0 and var end)
                spaces[name[(name.LastIndexOf('_') + 1)..]] = name[..end];
        }

        return spaces;
    }
}
