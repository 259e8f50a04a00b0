using Plugboard.Linux.Files;

namespace Plugboard.Firewall.Pods;

/// <summary>
/// The records of one plugin's pods: a file each, named by the owner's tag, in a directory below /run, which ends with the rules when the node does. A file
/// has its content from the moment it has its name.
/// </summary>
public sealed class PodRecordStore
{
    /// <summary>Where every plugin has its directory.</summary>
    public const string Root = "/run/plugboard";

    private const uint DirectoryMode = 0x1c0 | 0x28 | 5;
    private const uint FileMode = 0x180 | 0x20 | 4;
    private const int LargestFile = 1 << 20;

    private readonly string path;

    /// <summary>The records in a directory, which need not exist.</summary>
    /// <param name="path">The directory's path, such as <c>/run/plugboard/portmap</c>.</param>
    public PodRecordStore(string path) => this.path = path;

    /// <summary>Writes a record, in place of the owner's earlier one.</summary>
    /// <exception cref="Linux.ErrnoException">The directory cannot be made or written: EROFS, ENOSPC, EACCES.</exception>
    public void Write(PodRecord record)
    {
        var name = record.Owner.Tag;
        using var directory = FileDirectory.Ensure(path, DirectoryMode);
        using var file = directory.CreateUnnamed(record.ToBytes(), FileMode);
        while (!file.TryLink(name))
            directory.Remove(name);
    }

    /// <summary>The owner's record; null where there is none that can be read.</summary>
    public PodRecord? Find(PodIdentity owner) => FindByTag(owner.Tag);

    /// <summary>The record of the owner with this tag; null where there is none that can be read.</summary>
    public PodRecord? FindByTag(string tag)
    {
        using var directory = FileDirectory.Find(path);
        return directory is null ? null : Read(directory, tag);
    }

    /// <summary>Removes the owner's record; false where there is none.</summary>
    public bool Remove(PodIdentity owner)
    {
        using var directory = FileDirectory.Find(path);
        return directory is not null && directory.Remove(owner.Tag);
    }

    /// <summary>All records that can be read.</summary>
    public IReadOnlyList<PodRecord> List()
    {
        var records = new List<PodRecord>();
        using var directory = FileDirectory.Find(path);
        if (directory is null)
            return records;
        foreach (var name in directory.ReadNames())
        {
            if (Read(directory, name) is { } record)
                records.Add(record);
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
        // Most fit: a second look for the rest.
        for (var size = 4096; size <= LargestFile; size *= 16)
        {
            var buffer = new byte[size];
            if (directory.FindContent(name, buffer) is not (>= 0 and var length))
                return null;
            if (length < size)
                return PodRecord.TryParse(buffer.AsSpan(0, length));
        }

        return null;
    }
}
