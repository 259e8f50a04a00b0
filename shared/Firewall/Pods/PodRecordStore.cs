using Plugboard.Addresses;
using Plugboard.Linux.Files;

namespace Plugboard.Firewall.Pods;

/// <summary>
/// The records of one plugin's pods: a file each, named by the owner's tag, in a directory below /run, which ends with the rules when the
/// node does. A file has its content from the moment it has its name.
/// </summary>
public sealed class PodRecordStore
{
    /// <summary>Where every plugin has its directory.</summary>
    public const string Root = "/run/plugboard";

    private const int LargestFile = 1 << 24;

    private readonly string path;

    /// <summary>The records in a directory, which need not exist.</summary>
    /// <param name="path">The directory's path, such as <c>/run/plugboard/portmap</c>.</param>
    public PodRecordStore(string path) => this.path = path;

    /// <summary>How long a DEL waits for a restorer: that takes some milliseconds, unless the process is stopped meanwhile.</summary>
    public TimeSpan HoldTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The directory of the claims: the attachments that wait for another one's element.</summary>
    internal string ClaimsPath => string.Concat(System.IO.Path.GetDirectoryName(path), "/claims/", System.IO.Path.GetFileName(path));

    /// <summary>Writes a record, in place of the owner's earlier one.</summary>
    /// <exception cref="Linux.ErrnoException">The directory cannot be made or written: EROFS, ENOSPC, EACCES.</exception>
    /// <exception cref="PodRecordException">It could not be read back.</exception>
    public void Write(PodRecord record)
    {
        using var directory = FileDirectory.Ensure(path, FileModes.Directory);
        using var file = CreateUnnamed(directory, record);
        Link(directory, file, record);
    }

    /// <summary>As <see cref="Write"/>, for an ADD: no restorer takes the pod for an incomplete one until the lock is disposed.</summary>
    internal FileLock WriteHeld(PodRecord record)
    {
        using var directory = FileDirectory.Ensure(path, FileModes.Directory);
        var file = CreateUnnamed(directory, record);
        try
        {
            // Locked before it has a name: no other process can have the lock.
            var held = FileLock.TakeShared(file.File, HoldTimeout);
            Link(directory, file, record);
            file.Release();
            return held;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static UnnamedFile CreateUnnamed(FileDirectory directory, PodRecord record)
    {
        var content = record.ToBytes();
        if (content.Length >= LargestFile)
            throw new PodRecordException(
                record.Owner,
                $"the record has {content.Length} bytes, and {LargestFile - 1} are the most: publish fewer ports"
            );
        return directory.CreateUnnamed(content, FileModes.RootsOwn);
    }

    private static void Link(FileDirectory directory, UnnamedFile file, PodRecord record)
    {
        var name = record.Owner.Tag;
        if (file.TryLink(name))
            return;
        // Over the earlier one: a call that is killed here leaves one of the two.
        while (!file.TryLink(Aside(name)))
            directory.Remove(Aside(name));
        directory.Rename(Aside(name), directory, name);
    }

    private static string Aside(string tag) => "." + tag;

    /// <summary>The owner's record; null if absent or unreadable.</summary>
    public PodRecord? Find(Attachment owner) => FindByTag(owner.Tag);

    /// <summary>The record of the owner with this tag; null if absent or unreadable.</summary>
    public PodRecord? FindByTag(string tag)
    {
        using var directory = FileDirectory.Find(path);
        return directory is null ? null : Read(directory, tag);
    }

    /// <summary>The owner's record, for its removal: no restorer uses it while it is held. Null if absent.</summary>
    /// <exception cref="FileLockTimeoutException">A restorer held it for <see cref="HoldTimeout"/>.</exception>
    internal PodRecordHold? Hold(Attachment owner)
    {
        using var directory = FileDirectory.Find(path);
        return directory?.FindRegular(owner.Tag) is { } file ? new PodRecordHold(TakeShared(file), Read(file)) : null;
    }

    private FileLock TakeShared(FileDescriptor file)
    {
        try
        {
            return FileLock.TakeShared(file, HoldTimeout);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The record with a tag, for the restorer; null if it is gone, or if another process holds it during all of <paramref
    /// name="patience"/>, as a DEL does.
    /// </summary>
    internal PodRecordHold? TryHoldAlone(string tag, TimeSpan patience = default)
    {
        using var directory = FileDirectory.Find(path);
        if (directory?.FindRegular(tag) is not { } file)
            return null;
        if (FileLock.TryTake(file, patience) is not { } alone)
        {
            file.Dispose();
            return null;
        }

        // It may have lost its name, or another file got it, before the lock.
        if (directory.FindStatus(tag) is { } named && named.IsSameFile(file.Status()))
            return new PodRecordHold(alone, Read(file));
        alone.Dispose();
        return null;
    }

    /// <summary>Removes the owner's record; false if absent.</summary>
    public bool Remove(Attachment owner)
    {
        using var directory = FileDirectory.Find(path);
        directory?.Remove(Aside(owner.Tag));
        return directory is not null && directory.Remove(owner.Tag);
    }

    /// <summary>True where there is no record, not even one that cannot be read.</summary>
    internal bool IsEmpty()
    {
        using var directory = FileDirectory.Find(path);
        return directory is null || directory.ReadNames().TrueForAll(static name => name.StartsWith('.'));
    }

    /// <summary>True if an owner with another tag has a record.</summary>
    internal bool HasOthers(string tag)
    {
        using var directory = FileDirectory.Find(path);
        foreach (var name in directory?.ReadNames() ?? [])
        {
            if (name != tag && !name.StartsWith('.'))
                return true;
        }

        return false;
    }

    /// <summary>All records that can be read.</summary>
    public IReadOnlyList<PodRecord> List() => List(static _ => { });

    /// <summary>All records that can be read.</summary>
    /// <param name="onUnreadable">Gets the paths of files that are not records.</param>
    internal IReadOnlyList<PodRecord> List(Action<string> onUnreadable)
    {
        var records = new List<PodRecord>();
        using var directory = FileDirectory.Find(path);
        if (directory is null)
            return records;
        foreach (var name in directory.ReadNames())
        {
            if (name.StartsWith('.'))
                continue;
            if (Read(directory, name) is { } record)
                records.Add(record);
            else if (directory.FindStatus(name) is not null)
                onUnreadable($"{path}/{name}");
        }

        return records;
    }

    /// <summary>The records of a network's pods that are not valid any more.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="valid">The tags of its valid pods.</param>
    public IEnumerable<PodRecord> ListStale(string network, IReadOnlySet<string> valid)
    {
        foreach (var record in List())
        {
            if (record.Owner.Network == network && !valid.Contains(record.Owner.Tag))
                yield return record;
        }
    }

    private static PodRecord? Read(FileDirectory directory, string name)
    {
        using var file = directory.FindRegular(name);
        return file is null ? null : Read(file);
    }

    private static PodRecord? Read(FileDescriptor file)
    {
        // Most fit: a second look for the rest.
        for (var size = 4096; size <= LargestFile; size *= 64)
        {
            var buffer = new byte[size];
            var length = file.ReadAt(buffer, 0);
            if (length < size)
                return PodRecord.TryParse(buffer.AsSpan(0, length));
        }

        return null;
    }
}
