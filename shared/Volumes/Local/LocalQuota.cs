using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes.Local;

/// <summary>
/// The limit of a <c>local</c> volume: a project of its own for its directory. Which one is kept by the directory itself, so there is no
/// state of ours.
/// </summary>
internal static class LocalQuota
{
    // Away from the numbers that people write into /etc/projid, and from kubelet's, which begin at 1048577.
    private const uint FirstProject = 0x4000_0000;
    private const uint Projects = 0x3fff_ffff;
    private const int Attempts = 1000;

    /// <summary>
    /// Gives the directory a project and a limit of at least that many bytes: one that is larger, because the volume grew, stays.
    /// </summary>
    /// <exception cref="VolumeException">The filesystem keeps to no limits, or the directory holds what would not be counted.</exception>
    public static void Ensure(FileDescriptor place, LocalPlan plan, VolumePolicy policy)
    {
        using var directory = place.Reopen();
        try
        {
            RequireEnforced(directory, plan.Place.ToString());
            var project = ProjectOf(directory, plan, policy);
            if (ProjectQuota.Find(directory, project).Limit < plan.Quota!.Value)
                ProjectQuota.SetLimit(directory, project, plan.Quota.Value);
        }
        catch (ErrnoException e)
        {
            throw VolumeException.From($"local: cannot limit {plan.Place}", e);
        }
    }

    /// <summary>True for a directory with a limit of ours: the caller that grows it may no longer have the volume's options.</summary>
    public static bool IsLimited(string target)
    {
        try
        {
            using var directory = FileDescriptor.OpenDirectory(target);
            return ProjectQuota.IsEnforced(directory) && ProjectQuota.ProjectOf(directory) >= FirstProject;
        }
        catch (ErrnoException e) when (e.Errno is Errno.ENOTTY or Errno.EOPNOTSUPP)
        {
            // A filesystem without projects.
            return false;
        }
    }

    /// <summary>Makes the limit larger; the one there is now.</summary>
    public static long Grow(string target, long bytes)
    {
        try
        {
            using var directory = FileDescriptor.OpenDirectory(target);
            RequireEnforced(directory, target);
            var project = ProjectQuota.ProjectOf(directory);
            if (project == 0)
                throw new VolumeException($"local: {target} has no limit to grow; the next mount sets one");
            var present = ProjectQuota.Find(directory, project).Limit;
            if (present >= bytes)
                return present;
            ProjectQuota.SetLimit(directory, project, bytes);
            return ProjectQuota.Find(directory, project).Limit;
        }
        catch (ErrnoException e)
        {
            throw VolumeException.From($"local: cannot grow the limit of {target}", e);
        }
    }

    private static void RequireEnforced(FileDescriptor directory, string path)
    {
        if (ProjectQuota.IsEnforced(directory))
            return;
        var holding = MountTable.Read().FindHolding(RealPath.Of(path));
        throw new VolumeException(
            $"local: option \"quota\" is set, but {holding?.Type ?? "the filesystem"} at {holding?.Target ?? path} is not mounted "
                + "with prjquota (ext4 or xfs, Linux 5.14); "
                + "mount it with prjquota on the node, or remove the option"
        );
    }

    private static uint ProjectOf(FileDescriptor directory, LocalPlan plan, VolumePolicy policy)
    {
        using var alone = PathLock.Take(policy, $"local: projects of {plan.Place.Root}");
        if (ProjectQuota.ProjectOf(directory) is not 0 and var present)
            return present;
        using (var names = FileDirectory.Find(directory.Path))
        {
            if (names?.ReadNames().Count > 0)
                throw new VolumeException(
                    $"local: {plan.Place} holds files already, which the quota would not count; give the volume a new directory and "
                        + "copy them"
                );
        }

        var project = FindFree(directory, plan.Place.ToString());
        ProjectQuota.SetProject(directory, project);
        return project;
    }

    // The path decides where the search begins, so it is short.
    private static uint FindFree(FileDescriptor directory, string path)
    {
        var hash = 2166136261u;
        foreach (var c in path)
            hash = (hash ^ c) * 16777619u;
        for (var attempt = 0u; attempt < Attempts; attempt++)
        {
            var project = FirstProject + ((hash + attempt) % Projects);
            if (ProjectQuota.Find(directory, project) is (0, 0))
                return project;
        }

        throw new VolumeException($"local: no project number is free for {path}");
    }
}
