using System.Text;
using Plugboard.Addresses;
using Plugboard.Hosting;
using Plugboard.Linux.Files;
using Plugboard.Netlink.Route.Links;
using Plugboard.Protocols.Cni;

namespace Plugboard.HostDevice;

/// <summary>
/// The records of all attachments, a file each, with the lock under which devices are moved. They are below /run: a boot of the node gives
/// every device back by itself.
/// </summary>
internal sealed class DeviceRecords : IDisposable
{
    private const string Path = "/run/plugboard/host-device";
    private const int LargestFile = 1 << 16;
    private const int LongestName = 254; // NAME_MAX less the dot of a file that an earlier version was writing

    // Longer than the moves of a hundred devices.
    private static readonly TimeSpan timeout = TimeSpan.FromSeconds(60);

    private readonly FileDirectory directory;
    private readonly FileLock held;

    private DeviceRecords(FileDirectory directory)
    {
        this.directory = directory;
        held = FileLock.Take(directory.Reopen(), timeout);
    }

    /// <summary>The running boot of the node; empty if /proc does not show it.</summary>
    public static string Boot { get; } = ReadBoot();

    /// <summary>Opens and locks them.</summary>
    /// <exception cref="FileLockTimeoutException">Another process had the lock all the time.</exception>
    public static DeviceRecords Ensure() => Lock(FileDirectory.Ensure(Path, FileModes.Directory));

    /// <summary>As <see cref="Ensure"/>; null if absent.</summary>
    public static DeviceRecords? Find() => FileDirectory.Find(Path) is { } found ? Lock(found) : null;

    private static DeviceRecords Lock(FileDirectory directory)
    {
        try
        {
            return new DeviceRecords(directory);
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Throws code 50 where no ADD could write its record.</summary>
    public static void RequireWritable() => RecordDirectory.RequireWritable(Path);

    /// <summary>Refuses an ADD whose attachment gives no file name.</summary>
    /// <exception cref="CniException">Code 4: the names are too long together.</exception>
    public static void RequireStorable(CniRequest request)
    {
        if (Encoding.UTF8.GetByteCount(NameOf(request.Attachment)) > LongestName)
        {
            throw new CniException(
                CniErrorCode.InvalidEnvironment,
                "CNI_CONTAINERID and CNI_IFNAME are too long",
                $"together they name a file in {Path} and have at most {LongestName} bytes"
            );
        }
    }

    /// <summary>The record of an attachment; null if it has none, or one of an earlier boot.</summary>
    public DeviceRecord? Find(Attachment owner) =>
        Read(NameOf(owner)) is { } record && record.Owner == owner && record.Boot == Boot ? record : null;

    /// <summary>The record of a container's interface, of whatever network; null as for <see cref="Find(Attachment)"/>.</summary>
    public DeviceRecord? FindOfAnyNetwork(Attachment owner) => Read(NameOf(owner)) is { } record && IsOfThisBoot(record) ? record : null;

    /// <summary>All records of this boot.</summary>
    public IReadOnlyList<DeviceRecord> List() =>
        [.. directory.ReadNames().Where(static name => !name.StartsWith('.')).Select(Read).OfType<DeviceRecord>().Where(IsOfThisBoot)];

    private static bool IsOfThisBoot(DeviceRecord record) => record.Boot == Boot;

    /// <summary>The attachments that got a device, by what is kept of it.</summary>
    public IReadOnlyList<DeviceRecord> ListOf(Link link) => [.. List().Where(record => record.Identity.Is(link))];

    /// <summary>Writes a record, whole. It has no name until then: a call that is killed leaves nothing. /run needs no fsync.</summary>
    public void Write(DeviceRecord record)
    {
        using var file = directory.CreateUnnamed(record.ToBytes(), FileModes.RootsOwn);
        file.Link(NameOf(record.Owner));
    }

    /// <summary>Removes the record of an attachment, of whatever boot, and also one that cannot be read.</summary>
    public void Remove(Attachment owner)
    {
        if (Read(NameOf(owner)) is not { } record || record.Owner == owner)
            directory.Remove(NameOf(owner));
    }

    private DeviceRecord? Read(string name)
    {
        var buffer = new byte[LargestFile];
        return directory.FindContent(name, buffer) is > 0 and var length ? DeviceRecord.Parse(buffer.AsSpan(0, length)) : null;
    }

    // Neither has a colon; a container has one interface of a name, whichever network it is of.
    private static string NameOf(Attachment owner) => $"{owner.ContainerId}:{owner.IfName}";

    private static string ReadBoot()
    {
        using var file = FileDescriptor.FindKernelFile("/proc/sys/kernel/random/boot_id");
        return file is null ? "" : Encoding.ASCII.GetString(file.ReadToEnd(64)).Trim();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        held.Dispose();
        directory.Dispose();
    }
}
