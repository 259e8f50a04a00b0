using System.Text;
using Plugboard.Addresses;
using Plugboard.Hosting;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.PodInterfaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.HostDevice;

/// <summary>
/// The files of the virtual functions that containers have, where the reference has them: a record for each attachment, and for each
/// function the namespace that it is allocated to. The function that a call is about is locked until it ends.
/// </summary>
internal sealed class VfState : IDisposable
{
    private const string Path = "/var/lib/cni/sriov";
    private const uint DirectoryMode = 0b111_000_000; // 0700
    private const int LargestFile = 1 << 20;

    // As long as the reference waits.
    private static readonly TimeSpan timeout = TimeSpan.FromSeconds(60);

    private readonly FileDirectory records;
    private readonly FileDirectory allocations;
    private readonly FileLock held;

    private VfState(FileDirectory records, FileDirectory allocations, FileLock held) =>
        (this.records, this.allocations, this.held) = (records, allocations, held);

    /// <summary>Throws code 50 where no ADD could write its record.</summary>
    public static void RequireWritable() => RecordDirectory.RequireWritable(Path);

    /// <summary>Refuses an ADD whose attachment gives no file name.</summary>
    /// <exception cref="CniException">Code 4: the names are too long together.</exception>
    public static void RequireStorable(CniRequest request) =>
        AttachmentFile.RequireStorable(VfRecord.NameOf(request.ContainerId, request.IfName), Path);

    /// <summary>Opens the files, which are made where they are missing, and locks a function.</summary>
    /// <exception cref="FileLockTimeoutException">Another process had the lock all the time.</exception>
    public static VfState Lock(string device)
    {
        var directory = FileDirectory.Ensure(Path, DirectoryMode);
        var functions = directory.EnsureDirectory("pci", DirectoryMode);
        using var locks = functions.EnsureDirectory("vf_lock", DirectoryMode);
        var taken = FileLock.Take(locks.OpenOrCreate($"{device}.lock", FileModes.RootsOwn), timeout);
        // Of a call that was killed while it wrote, on a filesystem without O_TMPFILE.
        RemoveUnfinished(directory, device);
        RemoveUnfinished(functions, device);
        return new VfState(directory, functions, taken);
    }

    // A read-only filesystem refuses that too, and must not keep DEL from restoring the function.
    private static void RemoveUnfinished(FileDirectory files, string device)
    {
        if (files.FindStatus(TemporaryOf(device)) is not null)
            files.Remove(TemporaryOf(device));
    }

    /// <summary>The record of an attachment; null if it has none, or one that cannot be read, which is reported.</summary>
    public static VfRecord? Find(string containerId, string ifName)
    {
        using var directory = FileDirectory.Find(Path);
        return directory is null ? null : Read(directory, VfRecord.NameOf(containerId, ifName));
    }

    /// <summary>All records, by their file names.</summary>
    public static IReadOnlyList<(string Name, VfRecord Record)> List()
    {
        using var directory = FileDirectory.Find(Path);
        var found = new List<(string, VfRecord)>();
        foreach (var name in directory?.ReadNames() ?? [])
        {
            if (name != "pci" && !name.StartsWith('.') && Read(directory!, name) is { } record)
                found.Add((name, record));
        }

        return found;
    }

    private static VfRecord? Read(FileDirectory directory, string name)
    {
        using var file = directory.FindRegular(name);
        if (file is null)
            return null;
        try
        {
            var record = VfRecord.Parse(file.ReadToEnd(LargestFile), name);
            return IsOfThisBoot(record, file.Status()) ? record : record with { HostName = "", Boot = EarlierBoot };
        }
        catch (CniException e)
        {
            StandardError.WriteLine($"sriov: {Path}/{name} cannot be read, so its virtual function stays as it is: {e.Message}");
            return null;
        }
    }

    /// <summary>The <see cref="VfRecord.Boot"/> of a record of an earlier boot of the node: its functions were made again.</summary>
    public const string EarlierBoot = "earlier";

    // The reference's does not say of which: it is as old as its file.
    private static bool IsOfThisBoot(VfRecord record, FileStatus status) =>
        record.Boot.Length > 0
            ? record.Boot == DeviceRecords.Boot
            : MachineBoot.FindTime() is not { } boot || status.ModifiedNanoseconds >= boot;

    /// <summary>Writes the record of an attachment, whole.</summary>
    public void Write(Attachment owner, string device, byte[] content) =>
        Place(records, VfRecord.NameOf(owner.ContainerId, owner.IfName), device, content);

    /// <summary>Removes a record.</summary>
    public void Remove(string name) => records.Remove(name);

    /// <summary>The path of the namespace that a function is allocated to; null if it is free.</summary>
    public string? FindAllocation(string device)
    {
        using var file = allocations.FindRegular(device);
        return file is null ? null : Encoding.UTF8.GetString(file.ReadToEnd(LargestFile)).Trim();
    }

    /// <summary>Allocates a function.</summary>
    public void Allocate(string device, string netNs) => Place(allocations, device, device, Encoding.UTF8.GetBytes(netNs));

    // Without a name until it is whole: a call that is killed leaves nothing. On the disk before that: a file that a crash of the node made
    // empty could not be read.
    private static void Place(FileDirectory directory, string name, string device, byte[] content)
    {
        using var file = directory.CreateUnnamed(content, FileModes.RootsOwn, TemporaryOf(device));
        file.File.Sync();
        file.Link(name);
    }

    private static string TemporaryOf(string device) => $".{device}.new";

    /// <summary>Ends the allocation of a function.</summary>
    public void Free(string device) => allocations.Remove(device);

    /// <inheritdoc/>
    public void Dispose()
    {
        held.Dispose();
        allocations.Dispose();
        records.Dispose();
    }
}
