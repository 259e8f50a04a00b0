using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Install;

/// <summary>
/// A directory that executables are placed in, with what is remembered of them in a directory <c>.plugboard</c> in it: on the same
/// filesystem whatever is mounted where, so that a rename always does it, and also where a container sees nothing else of its host.
/// Runtimes execute names that a config tells, which begin with no dot, and kubelet's prober passes over names that do: so all names in it
/// begin with one.
/// </summary>
public sealed class InstallDirectory : IDisposable
{
    private const string StateName = ".plugboard";
    private const uint StateMode = 0x1ed; // 0755: what is kept is as public as what is placed

    private const uint LockMode = 0x180; // 0600

    private readonly FileLock? lease;

    private InstallDirectory(FileDirectory directory, FileDirectory? state, FileLock? lease)
    {
        Directory = directory;
        KnownState = state;
        this.lease = lease;
    }

    /// <summary>Where the executables are.</summary>
    public FileDirectory Directory { get; }

    /// <summary>Its path, as it was asked for.</summary>
    public string Path => Directory.Path;

    internal FileDirectory? KnownState { get; }

    internal FileDirectory State => KnownState ?? throw new InvalidOperationException("opened for reading only");

    /// <summary>Opens it for placing, alone: waits for another that is at work.</summary>
    /// <param name="root">The root of the host's files.</param>
    /// <param name="path">The directory in it. It must be there: one that is made here would be one that nobody looks into.</param>
    /// <param name="patience">How long to wait for another.</param>
    /// <exception cref="InstallException">It is missing, read-only, or another is at work.</exception>
    public static InstallDirectory Open(RootedDirectory root, string path, TimeSpan patience)
    {
        var directory = OpenDirectory(root, path);
        try
        {
            while (true)
            {
                var state = directory.EnsureDirectory(StateName, StateMode);
                var held = FileLock.Take(state.Reopen(), patience);
                // The one before may have left nothing to remember, and so removed it.
                if (directory.FindStatus(StateName) is { } now && now.IsSameFile(state.Status()))
                    return new InstallDirectory(directory, state, held);
                held.Dispose();
                state.Dispose();
            }
        }
        catch (FileLockTimeoutException e)
        {
            directory.Dispose();
            throw new InstallException(
                $"{directory.Path}: another installer is at work{(e.Holder is { } pid ? $" (process {pid})" : "")}",
                "wait for it, or end it: it may be ended at any time",
                e
            )
            {
                IsBusy = true,
            };
        }
        catch (ErrnoException e)
        {
            directory.Dispose();
            throw Refusal.Explain(e, directory);
        }
    }

    /// <summary>Opens it to look only: makes nothing and waits for nobody.</summary>
    /// <exception cref="InstallException">It is missing.</exception>
    public static InstallDirectory OpenToRead(RootedDirectory root, string path)
    {
        var directory = OpenDirectory(root, path);
        return new InstallDirectory(directory, directory.FindDirectory(StateName), null);
    }

    private static FileDirectory OpenDirectory(RootedDirectory root, string path)
    {
        if (root.TryOpen(path, out var errno) is { } directory)
            return directory;
        throw Refusal.OfPath(new ErrnoException("open", root.FullPath(path), errno), root.FullPath(path));
    }

    /// <summary>The directory that a target's file is in; null for a driver that has none yet.</summary>
    /// <exception cref="InstallException">Something else has the name of a driver's directory.</exception>
    internal FileDirectory? FindHome(InstallTarget target)
    {
        if (!target.IsDriver)
            return Directory.OpenAgain();
        if (Directory.FindStatus(target.Directory) is { IsDirectory: false })
            throw new InstallException(
                $"{Path}/{target.Directory} is no directory",
                "move it away; a driver is a directory with an executable in it"
            );
        return Directory.FindDirectory(target.Directory);
    }

    /// <summary>Says that this process stays and keeps the executables as they are; others who keep them may say so too.</summary>
    public FileLock TakeRepairLock() => FileLock.TakeShared(State.OpenOrCreate(StateNames.RepairLock, LockMode), TimeSpan.FromSeconds(1));

    /// <summary>Throws where another process keeps the executables: it would put back whatever is taken away.</summary>
    /// <exception cref="InstallException">One does.</exception>
    public void RefuseWhileRepairing()
    {
        if (State.FindForReading(StateNames.RepairLock) is not { } file)
            return;
        try
        {
            using (FileLock.Take(file, TimeSpan.FromMilliseconds(1)))
                State.Remove(StateNames.RepairLock);
        }
        catch (FileLockTimeoutException e)
        {
            throw new InstallException(
                $"{Path}: `install --wait` keeps these files{(e.Holder is { } pid ? $" (process {pid})" : "")} and would put them back",
                "end it first: delete its DaemonSet",
                e
            )
            {
                IsBusy = true,
            };
        }
    }

    /// <summary>What statx(2) tells of a target's file; null where it is missing.</summary>
    public FileStatus? FindStatus(InstallTarget target)
    {
        using var home = FindHome(target);
        return home?.FindStatus(target.File);
    }

    /// <summary>Has a watch tell of what happens here and in the drivers' directories.</summary>
    public void Watch(FileWatch watch, IEnumerable<InstallTarget> targets)
    {
        watch.Add(Directory);
        foreach (var target in targets.Where(static target => target.IsDriver))
        {
            using var home = FindHome(target);
            if (home is not null)
                watch.Add(home);
        }
    }

    /// <summary>What is remembered of a target; null where that is nothing.</summary>
    public InstallRecord? FindRecord(InstallTarget target)
    {
        using var file = KnownState?.FindRegular(StateNames.Record(target.Key));
        return file is null ? null : InstallRecord.Find(file.ReadToEnd());
    }

    /// <summary>The targets that something is remembered of.</summary>
    public IReadOnlyList<InstallTarget> RecordedTargets() => Targets(StateNames.FindKeyOfRecord);

    /// <summary>The targets whose originals are kept.</summary>
    public IReadOnlyList<InstallTarget> BackedUpTargets() => Targets(StateNames.FindKeyOfOriginal);

    private List<InstallTarget> Targets(Func<string, string?> findKey)
    {
        var targets = new List<InstallTarget>();
        foreach (var name in KnownState?.ReadNames() ?? [])
        {
            if (findKey(name) is { } key)
                targets.Add(StateNames.TargetOf(key));
        }

        targets.Sort(static (one, other) => string.CompareOrdinal(one.Key, other.Key));
        return targets;
    }

    /// <summary>True where what stood there before the last install is kept.</summary>
    public bool HasPrevious(InstallTarget target) => KnownState?.FindStatus(StateNames.Previous(target.Key)) is not null;

    /// <summary>True where what others had put there before us is kept.</summary>
    public bool HasOriginal(InstallTarget target) => KnownState?.FindStatus(StateNames.Original(target.Key)) is not null;

    /// <summary>Removes the directory of what is remembered where nothing is left in it.</summary>
    public void RemoveEmptyState() => _ = Directory.TryRemoveEmpty(StateName);

    /// <summary>Waits until all renames are on the disk.</summary>
    public void Sync()
    {
        KnownState?.Sync();
        Directory.Sync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lease?.Dispose();
        KnownState?.Dispose();
        Directory.Dispose();
    }
}
