using System.Globalization;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Dhcp.Daemon;

/// <summary>
/// The leases of a daemon on disk, beside its socket: a file for each lease, and an empty one for each that DEL wants released while the
/// daemon is away. Below /run, so that a reboot forgets them as it forgets the pods.
/// </summary>
/// <param name="directory">The directory.</param>
internal sealed class LeaseFiles(string directory)
{
    private const uint DirectoryMode = 0b111_000_000;
    private const string LeasePrefix = "lease-";
    private const string ReleasePrefix = "release-";
    private const int LongestFile = 32 << 20;

    /// <summary>The leases of the daemon that listens at a path.</summary>
    public static LeaseFiles Of(string socketPath) => new(socketPath + ".leases");

    /// <summary>The directory.</summary>
    public string Directory { get; } = directory;

    /// <summary>Takes the leases for this process, as long as it lives or until it is disposed; null if another process has them.</summary>
    public FileLock? TryLock()
    {
        using var files = FileDirectory.Ensure(Directory, DirectoryMode);
        var descriptor = files.Reopen();
        var taken = FileLock.TryTake(descriptor);
        if (taken is null)
            descriptor.Dispose();
        else
            RemoveUnfinished(files);
        return taken;
    }

    // Of a daemon that was killed while it wrote.
    private static void RemoveUnfinished(FileDirectory files)
    {
        foreach (var name in files.ReadNames().Where(static name => name.StartsWith($".{LeasePrefix}", StringComparison.Ordinal)))
            files.Remove(name);
    }

    /// <summary>Writes a lease, so that it outlives this process.</summary>
    public void Write(LeaseRecord record)
    {
        using var files = FileDirectory.Ensure(Directory, DirectoryMode);
        files.Replace(LeasePrefix + NameOf(record.Owner), record.ToContent(), FileModes.RootsOwn);
    }

    /// <summary>Forgets a lease and the wish to release it.</summary>
    public void Remove(Attachment owner)
    {
        using var files = FileDirectory.Find(Directory);
        files?.Remove(LeasePrefix + NameOf(owner));
        files?.Remove(ReleasePrefix + NameOf(owner));
    }

    /// <summary>Notes that a lease must be released; false if it is absent.</summary>
    public bool TryMark(Attachment owner)
    {
        using var files = FileDirectory.Find(Directory);
        if (files?.FindStatus(LeasePrefix + NameOf(owner)) is null)
            return false;
        files.Overwrite(ReleasePrefix + NameOf(owner), [], FileModes.RootsOwn);
        return true;
    }

    /// <summary>All leases, and whether they must be released; those that cannot be read are reported and stay.</summary>
    public IReadOnlyList<(LeaseRecord Record, bool MustRelease)> ReadAll(Action<string> report)
    {
        var found = new List<(LeaseRecord Record, bool MustRelease)>();
        using var files = FileDirectory.Find(Directory);
        foreach (var name in files?.ReadNames() ?? [])
        {
            if (!name.StartsWith(LeasePrefix, StringComparison.Ordinal))
                continue;
            if (Read(files!, name) is { } record && LeasePrefix + NameOf(record.Owner) == name)
                found.Add((record, files!.FindStatus(ReleasePrefix + NameOf(record.Owner)) is not null));
            else
                report($"{Directory}/{name} is no lease of this version: it is left alone");
        }

        return found;
    }

    private static LeaseRecord? Read(FileDirectory files, string name)
    {
        try
        {
            using var file = files.FindRegular(name);
            return file is null ? null : LeaseRecord.Parse(file.ReadToEnd(LongestFile));
        }
        catch (ErrnoException)
        {
            // The caller reports it.
            return null;
        }
    }

    // FNV-1a, 128 bits: a file's name that is short enough whatever the parts are. The file names the owner.
    private static string NameOf(Attachment owner)
    {
        var prime = new UInt128(0x0000000001000000, 0x000000000000013b);
        var hash = new UInt128(0x6c62272e07bb0142, 0x62b821756295c58d);
        foreach (var c in owner.ToString())
            hash = (hash ^ c) * prime;
        return hash.ToString("x32", CultureInfo.InvariantCulture);
    }
}
