using Plugboard.Linux;

namespace Plugboard.Install;

/// <summary>
/// Writes executables beside their targets, as new files, and executes each before any target is replaced: so faults of a file, a directory
/// or a filesystem appear before anything changes.
/// </summary>
/// <param name="place">The install directory.</param>
/// <param name="clock">The clock of the records.</param>
public sealed class Stage(InstallDirectory place, TimeProvider clock)
{
    /// <summary>Writes a source's executable; null if the target is equal already, with the right mode and owner.</summary>
    /// <param name="target">The target.</param>
    /// <param name="source">The source.</param>
    /// <param name="by">The action, for the record.</param>
    /// <exception cref="InstallException">A file is in the way, the kernel refused, or the executable does not work.</exception>
    public Staged? Prepare(InstallTarget target, InstallSource source, string by)
    {
        try
        {
            if (IsSame(target, source))
            {
                Adopt(target, source, by);
                return null;
            }

            RequireReplaceable(target);
            return new Staged(target, Write(target, source) with { Since = Now(), By = by }, IsOurs: true);
        }
        catch (ErrnoException e)
        {
            Discard(target);
            throw Refusal.Explain(e, place.Directory);
        }
        catch (InstallException)
        {
            Discard(target);
            throw;
        }
    }

    /// <summary>Makes what stood there before the last install ready to come back; null if nothing is kept.</summary>
    /// <exception cref="InstallException">It does not work, or cannot be executed.</exception>
    public Staged? PreparePrevious(InstallTarget target) =>
        PrepareBackup(target, StateNames.Previous(target.Key), "rollback", mustWork: true);

    /// <summary>
    /// Prepares the restoration of the file that another program had installed; null if no backup exists. One that does not work is
    /// restored too: what was there is what is asked for, and without it nothing could be removed.
    /// </summary>
    /// <exception cref="InstallException">The kernel refused.</exception>
    public Staged? PrepareOriginal(InstallTarget target) =>
        PrepareBackup(target, StateNames.Original(target.Key), "restore", mustWork: false);

    /// <summary>Takes back what was made ready.</summary>
    public void Discard(InstallTarget target) => place.State.Remove(StateNames.New(target.Key));

    /// <summary>True if the target has the source's content, the right mode and owner.</summary>
    public bool IsSame(InstallTarget target, InstallSource source)
    {
        using var home = place.FindHome(target);
        if (home?.FindStatus(target.File) is not { } status)
            return false;
        if (!status.IsRegular && !status.IsLink)
            throw new InstallException(
                $"{place.Path}/{target.RelativePath} is {(status.IsDirectory ? "a directory" : "not a file")}",
                "move it away; it cannot be replaced in one step"
            );
        if (Inspection.FindFlaw(status) is not null || status.Size != source.Size)
            return false;
        using var file = home.FindRegular(target.File);
        return file is not null && FileContent.Equal(file.ReadAt, source.ReadAt);
    }

    // Found before anything is replaced, like other faults; the directories themselves are found when the new file is written.
    private void RequireReplaceable(InstallTarget target)
    {
        using var home = place.FindHome(target);
        if (home is null)
            return;
        Refusal.RequireUnprotected(home.Status(), home.Path);
        if (home.FindStatus(target.File) is { } status)
            Refusal.RequireUnprotected(status, $"{place.Path}/{target.RelativePath}");
    }

    // Another program installed the same file, or a crash of the machine lost the record.
    private void Adopt(InstallTarget target, InstallSource source, string by)
    {
        if (place.FindRecord(target) is { } record && record.Current.Size == source.Size && record.IsOurs(record.Current.Digest))
            return;
        var facts = new ExecutableFacts(FileContent.Digest(source.ReadAt), source.Size, Now(), by) { BuildId = source.FindBuildId() };
        using var home = place.FindHome(target);
        Records.Write(
            place,
            target,
            new InstallRecord(facts with { Version = Verification.FindVersion(home!.SelfPath(target.File)) }, null, [facts.Digest])
        );
    }

    private ExecutableFacts Write(InstallTarget target, InstallSource source)
    {
        var name = StateNames.New(target.Key);
        place.State.Remove(name);
        string digest;
        using (var file = place.State.CreateNew(name, Inspection.ExecutableMode))
        {
            digest = FileContent.Copy(source.ReadAt, file);
            file.SetOwner(0, 0);
            file.SetMode(Inspection.ExecutableMode);
            file.Sync();
        }

        Execute(target, name);
        return new ExecutableFacts(digest, source.Size, "", "")
        {
            Version = Verification.FindVersion(place.State.SelfPath(name)),
            BuildId = source.FindBuildId(),
        };
    }

    // On the target's filesystem: elsewhere a copy might run although this one cannot.
    private void Execute(InstallTarget target, string name)
    {
        try
        {
            var path = Verification.PathOf(place.State, name);
            var problem = target.IsDriver
                ? Verification.FindProblemOfDriver(path, $"{place.Path}/{target.RelativePath}")
                : Verification.FindProblemOfPlugin(path);
            if (problem is not null)
                throw new InstallException($"{target.File} does not work: {problem}", "take another copy of it; nothing was replaced");
        }
        catch (ErrnoException e)
        {
            throw Refusal.OfExecution(e, place.Directory, target.File);
        }
    }

    private Staged? PrepareBackup(InstallTarget target, string kept, string by, bool mustWork)
    {
        if (place.State.FindStatus(kept) is not { } status)
            return null;
        var record = place.FindRecord(target);
        var facts = Inspection.FindFacts(place.State, kept, record)!;
        var name = StateNames.New(target.Key);
        try
        {
            RequireReplaceable(target);
            place.State.Remove(name);
            Backup.Duplicate(place.State, kept, place.State, name);
            var flaw = status.IsLink ? null : FindFlaw(target, name);
            if (flaw is not null && mustWork)
                throw flaw;
            return new Staged(target, facts with { Since = Now(), By = by }, record?.IsOurs(facts.Digest) ?? false)
            {
                Flaw = flaw?.Message,
            };
        }
        catch (ErrnoException e)
        {
            Discard(target);
            throw Refusal.Explain(e, place.Directory);
        }
        catch (InstallException)
        {
            Discard(target);
            throw;
        }
    }

    // A foreign build may need a dynamic linker, libraries or a shell: in a container without them only the host itself could execute it. A
    // script may look for the program that it wraps beside itself, which is not here.
    private InstallException? FindFlaw(InstallTarget target, string name)
    {
        try
        {
            Execute(target, name);
            return null;
        }
        catch (InstallException e)
        {
            using var file = place.State.FindRegular(name);
            var mayWorkOnTheHost =
                file is not null && (Verification.IsScript(file) || (IsMissing(e) && ElfFile.Find(file) is not { HasInterpreter: false }));
            return mayWorkOnTheHost ? null : e;
        }
    }

    private static bool IsMissing(InstallException e) => e.InnerException is ErrnoException { Errno: Errno.ENOENT };

    private string Now() => Inspection.Iso(clock.GetUtcNow());
}

/// <summary>A prepared executable: written, verified and synced; only the rename is left.</summary>
/// <param name="Target">The target.</param>
/// <param name="Facts">Its facts.</param>
/// <param name="IsOurs">It comes from a source, not from a backup of a foreign file.</param>
public sealed record Staged(InstallTarget Target, ExecutableFacts Facts, bool IsOurs)
{
    /// <summary>Why an original does not work that is restored as it was; null: it works, or only the host could tell.</summary>
    public string? Flaw { get; init; }
}
