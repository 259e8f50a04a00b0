using Plugboard.Firewall.Pods;
using Plugboard.Linux.Files;

namespace Plugboard.Installer;

/// <summary>Whether pods of the host have rules of plugins that are no longer ours, and what becomes of those; on stderr.</summary>
internal static class RulesLeft
{
    // The plugins that record what they make for a pod, and the directory of their records.
    private static readonly Dictionary<string, string> records = new(StringComparer.Ordinal)
    {
        ["bridge"] = "bridge",
        ["firewall"] = "firewall",
        ["portmap"] = "portmap",
        ["ptp"] = "bridge",
    };

    /// <summary>
    /// Warns where a plugin that made rules for pods that are still recorded was replaced by another make's, or removed: that one does not
    /// know rules that are elements of our tables.
    /// </summary>
    /// <param name="host">The host.</param>
    /// <param name="files">What a rollback or an uninstall did.</param>
    public static void Warn(HostOptions host, IReadOnlyList<FileReport> files)
    {
        var pods = files
            .Where(IsGone)
            .SelectMany(file => records.TryGetValue(Path.GetFileName(file.Path), out var directory) ? PodsOf(host, directory) : [])
            .ToHashSet(StringComparer.Ordinal);
        if (pods.Count > 0)
            StandardError.WriteLine(
                $"installer: warning: {pods.Count} {(pods.Count == 1 ? "pod has" : "pods have")} rules of our plugins, which other plugins "
                    + "do not remove: end them, then `installer doctor --fix` removes what is left of them"
            );
    }

    private static bool IsGone(FileReport file) =>
        file.Word is "removed" or "restored" || (file.Word == "rolled-back" && file.Facts?.Version is null);

    private static IEnumerable<string> PodsOf(HostOptions host, string directory)
    {
        using var root = host.OpenRoot();
        return new PodRecordStore(root.FullPath($"{PodRecordStore.Root}/{directory}"))
            .List()
            .Select(static record => record.Owner.ContainerId);
    }
}
