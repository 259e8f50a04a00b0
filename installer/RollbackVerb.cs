using Plugboard.Install;
using Plugboard.Linux.Mounts;

namespace Plugboard.Installer;

/// <summary><c>installer rollback</c> and <c>installer uninstall</c>.</summary>
/// <param name="host">The host, and the directories on it.</param>
/// <param name="clock">The clock of the records.</param>
internal sealed class RollbackVerb(HostOptions host, TimeProvider clock)
{
    /// <summary>Restores the files from before the last install; a second rollback restores that install.</summary>
    /// <exception cref="InstallException">A backup does not work; nothing was changed.</exception>
    public IReadOnlyList<FileReport> RollBack()
    {
        using var places = Places.OpenToChange(host);
        var ready = new List<(InstallDirectory Place, InstallTarget Target, Staged? Staged)>();
        try
        {
            foreach (var place in places.All)
            {
                foreach (var target in places.ChosenIn(place, host))
                    ready.Add((place, target, new Stage(place, clock).PreparePrevious(target)));
            }
        }
        catch (InstallException)
        {
            foreach (var (place, target, _) in ready)
                new Stage(place, clock).Discard(target);
            throw;
        }

        var reports = ready.ConvertAll(static each => RollBack(each.Place, each.Target, each.Staged));
        places.Sync();
        return reports;
    }

    private static FileReport RollBack(InstallDirectory place, InstallTarget target, Staged? staged)
    {
        var path = $"{place.Path}/{target.RelativePath}";
        if (staged is null)
            return new FileReport(path, "unchanged", place.FindRecord(target)?.Current)
            {
                Note = "there was no file before; `uninstall` removes it",
            };
        new TargetSwap(place).Commit(staged);
        return new FileReport(path, "rolled-back", staged.Facts) { HasPrevious = true };
    }

    /// <summary>Removes our files.</summary>
    /// <param name="restore">Restores the files that other programs had installed before.</param>
    /// <param name="force">Also drivers whose volumes are mounted.</param>
    /// <exception cref="InstallException">A driver is in use, or the kernel refused.</exception>
    public IReadOnlyList<FileReport> Uninstall(bool restore, bool force)
    {
        using var places = Places.OpenToChange(host);
        var reports = new List<FileReport>();
        foreach (var place in places.All)
            place.RefuseWhileRepairing();
        foreach (var place in places.All)
        {
            // The other way round than they came: a plugin goes before what it executes.
            foreach (var target in TargetsOf(places, place, restore).Reverse())
            {
                if (target.IsDriver && !force)
                    RefuseUse(target);
                reports.Add(Uninstall(place, target, restore));
            }
        }

        places.Sync();
        foreach (var place in places.All)
            place.RemoveEmptyState();
        return reports;
    }

    private IEnumerable<InstallTarget> TargetsOf(Places places, InstallDirectory place, bool restore)
    {
        var chosen = places.ChosenIn(place, host);
        // What an `uninstall` before this one left kept.
        return restore && host.Plugins is null ? chosen.Concat(place.BackedUpTargets().Except(chosen)) : chosen;
    }

    private FileReport Uninstall(InstallDirectory place, InstallTarget target, bool restore)
    {
        var path = $"{place.Path}/{target.RelativePath}";
        var placer = new TargetSwap(place);
        var found = Inspection.Inspect(place, target);
        if (found.State is TargetState.Foreign or TargetState.Differs)
        {
            if (found.State == TargetState.Foreign)
                placer.ForgetForeign(target, found.Facts!);
            return new FileReport(path, "left", found.Facts) { Note = "not ours", IsGood = found.State == TargetState.Foreign };
        }

        if (restore && new Stage(place, clock).PrepareOriginal(target) is { } original)
        {
            placer.Commit(original);
            placer.Forget(target);
            placer.ForgetOriginal(target);
            return new FileReport(path, "restored", original.Facts)
            {
                Note = original.Flaw is { } flaw ? $"as it was before the first install: {flaw}" : null,
            };
        }

        placer.Remove(target);
        return new FileReport(path, found.State == TargetState.Missing ? "was-missing" : "removed", found.Facts)
        {
            Note = found.HasOriginal ? "the file from before the first install is kept: `uninstall --restore` restores it" : null,
        };
    }

    // kubelet could not unmount them any more.
    private static void RefuseUse(InstallTarget target)
    {
        foreach (var entry in MountTable.Read().Entries)
        {
            if (entry.Target.Contains($"/volumes/{target.Directory}/", StringComparison.Ordinal))
                throw new InstallException(
                    $"{target.Directory} is in use by {entry.Target}",
                    "end the pods that use it, or remove it with --force: then kubelet cannot unmount their volumes any more"
                );
        }
    }
}
