using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Install;

/// <summary>
/// Moves prepared executables into place, and removes targets. Each target changes by one rename, so a caller executes the old or the new
/// one whole; after a crash between two steps the next run completes them (<see cref="Backup.Recover"/>).
/// </summary>
/// <param name="place">The install directory.</param>
public sealed class TargetSwap(InstallDirectory place)
{
    private const uint DirectoryMode = 0x1ed;

    /// <summary>Ends what a killed run had begun. To be called before anything else.</summary>
    public void Recover() => Explained(() => Backup.Recover(place));

    /// <summary>Installs it. The replaced file becomes the previous one; a foreign file also becomes the original.</summary>
    /// <returns>True if there was a file before.</returns>
    public bool Commit(Staged staged) => Commit(staged, keepPrevious: true);

    /// <summary>Installs it again after another program replaced or removed it: the previous one stays.</summary>
    public bool CommitRepair(Staged staged) => Commit(staged, keepPrevious: false);

    private bool Commit(Staged staged, bool keepPrevious)
    {
        var replaced = false;
        Explained(() =>
        {
            using var home = place.FindHome(staged.Target);
            var record = place.FindRecord(staged.Target);
            var found = home is null ? null : Inspection.FindFacts(home, staged.Target.File, record);
            if (found is not null)
                BackUp(staged.Target, home!, IsForeign(found, record) && (keepPrevious || Works(staged.Target, home!)), keepPrevious);
            var ours = record?.Ours ?? [];
            Records.Write(
                place,
                staged.Target,
                new InstallRecord(
                    staged.Facts,
                    keepPrevious ? found ?? record?.Previous : record?.Previous,
                    staged.IsOurs ? InstallRecord.Remember(ours, staged.Facts.Digest) : ours
                )
            );
            Rename(staged.Target, home);
            EndBackup(staged.Target);
            replaced = found is not null;
        });
        return replaced;
    }

    private static bool IsForeign(ExecutableFacts found, InstallRecord? record) => record?.IsOurs(found.Digest) != true;

    // What is found half-written, or damaged, takes no better one's place as the original.
    private static bool Works(InstallTarget target, FileDirectory home)
    {
        try
        {
            var path = Verification.PathOf(home, target.File);
            return (
                target.IsDriver
                    ? Verification.FindProblemOfDriver(path, $"{home.Path}/{target.File}")
                    : Verification.FindProblemOfPlugin(path)
            )
                is null;
        }
        catch (ErrnoException)
        {
            return false;
        }
    }

    private void BackUp(InstallTarget target, FileDirectory home, bool isForeign, bool keepPrevious)
    {
        if (isForeign)
            Backup.Replace(place, target, home, StateNames.Original(target.Key));
        if (keepPrevious)
            Backup.Duplicate(home, target.File, place.State, StateNames.Backup(target.Key));
    }

    // The one step that a runtime sees.
    private void Rename(InstallTarget target, FileDirectory? home)
    {
        var name = StateNames.New(target.Key);
        if (home is not null)
        {
            place.State.Rename(name, home, target.File);
            // rename(2) of two names of one file does nothing.
            place.State.Remove(name);
            home.Sync();
            return;
        }

        // kubelet's prober runs `init` for each directory that it sees appear: it must appear with the driver in it.
        var directory = StateNames.Gone(target.Key);
        using (var made = place.State.EnsureDirectory(directory, DirectoryMode))
        {
            place.State.Rename(name, made, target.File);
            made.Sync();
        }

        if (!place.State.TryRename(directory, place.Directory, target.Directory))
            throw new InstallException(
                $"{place.Path}/{target.Directory} was created meanwhile",
                "another installer is at work there: end it, and try again"
            );
        place.Directory.Sync();
    }

    private void EndBackup(InstallTarget target)
    {
        var keep = StateNames.Backup(target.Key);
        if (place.State.FindStatus(keep) is null)
            return;
        place.State.Rename(keep, place.State, StateNames.Previous(target.Key));
        place.State.Remove(keep);
    }

    /// <summary>Removes a target and its record. The backup of a foreign file stays.</summary>
    /// <exception cref="InstallException">A driver's directory holds files that are not ours.</exception>
    public void Remove(InstallTarget target) =>
        Explained(() =>
        {
            if (target.IsDriver)
                RemoveDriver(target);
            else
                place.Directory.Remove(target.File);
            Forget(target);
        });

    /// <summary>Forgets a target, and removes what was kept of ours.</summary>
    public void Forget(InstallTarget target) =>
        Explained(() =>
        {
            place.State.Remove(StateNames.Previous(target.Key));
            place.State.Remove(StateNames.Record(target.Key));
        });

    /// <summary>Forgets a target that is a foreign file, and removes an equal original.</summary>
    public void ForgetForeign(InstallTarget target, ExecutableFacts found) =>
        Explained(() =>
        {
            if (Inspection.FindFacts(place.State, StateNames.Original(target.Key), null)?.Digest == found.Digest)
                place.State.Remove(StateNames.Original(target.Key));
            Forget(target);
        });

    /// <summary>Removes the original after its restoration.</summary>
    public void ForgetOriginal(InstallTarget target) => Explained(() => place.State.Remove(StateNames.Original(target.Key)));

    private void RemoveDriver(InstallTarget target)
    {
        using (var home = place.FindHome(target))
        {
            if (home is null)
                return;
            if (home.ReadNames().Find(name => name != target.File && !name.StartsWith('.')) is { } other)
                throw new InstallException($"{place.Path}/{target.Directory} contains {other}, which is not ours", "move it away");
        }

        var gone = StateNames.Gone(target.Key);
        if (!place.Directory.TryRename(target.Directory, place.State, gone))
        {
            Backup.RemoveDirectory(place.State, gone);
            place.Directory.TryRename(target.Directory, place.State, gone);
        }

        Backup.RemoveDirectory(place.State, gone);
        place.Directory.Sync();
    }

    private void Explained(Action step)
    {
        try
        {
            step();
        }
        catch (ErrnoException e)
        {
            throw Refusal.Explain(e, place.Directory);
        }
    }
}
