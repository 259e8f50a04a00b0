using System.Text;
using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Ipam.HostLocal;

/// <summary>
/// Which addresses a container has, without opening every lease: in <c>dataDir/.owners/network</c> an <see cref="OwnerSnapshot"/> and the
/// <see cref="OwnerLog"/> of what changed since. It is a cache: what it says may be out of date and is verified with the lease itself.
/// Every live lease is in it only while nobody else has changed the lease directory since <see cref="Seal"/>. The reference never sees it:
/// no network's name begins with a dot. All calls are under the lease directory's lock. Record: docs/decisions/0011-owner-log.md.
/// </summary>
internal sealed class OwnerIndex : IDisposable
{
    private const uint DirectoryMode = 0x1c0; // 0700
    private const uint FileMode = 0x180; // 0600
    private const int LongestId = 255;

    private readonly string path;
    private readonly FileDirectory leases;
    private readonly StringBuilder pending = new();
    private OwnerLog? log;
    private OwnerSnapshot? snapshot;

    private OwnerIndex(string path, FileDirectory leases)
    {
        this.path = path;
        this.leases = leases;
    }

    /// <summary>Opens the index, there or not; null where that is refused: it saves time, so nothing fails for it.</summary>
    public static OwnerIndex? TryOpen(string dataDir, string network, LeaseDirectory directory)
    {
        var index = new OwnerIndex($"{dataDir}/.owners/{network}", directory.Files);
        try
        {
            index.Open();
            return index;
        }
        catch (ErrnoException)
        {
            index.Dispose();
            return null;
        }
    }

    private void Open()
    {
        log = OwnerLog.Find($"{path}/{OwnerLog.FileName}");
        if (log?.Continues(0) == false)
            snapshot = OwnerSnapshot.Find($"{path}/{OwnerSnapshot.FileName}");
    }

    /// <summary>True where an owner can be in it: not with the longest container ids.</summary>
    public static bool CanHold(Attachment owner) => Encoding.UTF8.GetByteCount(owner.ContainerId) <= LongestId;

    /// <summary>True where log and snapshot belong together and the lease directory is as <see cref="Seal"/> left it.</summary>
    public bool IsComplete() => log is not null && log.Continues(snapshot?.Size ?? 0) && log.IsSealed(leases.Status().ModifiedNanoseconds);

    /// <summary>The addresses the index knows of a container, of all its interfaces; it may have lost them since.</summary>
    public List<IPAddr> Find(string containerId)
    {
        var addresses = snapshot?.Find(containerId) ?? [];
        log?.ApplyTo(addresses, containerId);
        return addresses;
    }

    /// <summary>Notes an address that an owner got; <see cref="Seal"/> writes it.</summary>
    public void Add(Attachment owner, IPAddr address) => Note("+ ", owner, address);

    /// <summary>Notes an address that an owner lost; <see cref="Seal"/> writes it.</summary>
    public void Remove(Attachment owner, IPAddr address) => Note("- ", owner, address);

    private void Note(string sign, Attachment owner, IPAddr address)
    {
        if (CanHold(owner))
            pending.Append(OwnerLog.LineOf(sign, owner.ContainerId, address));
    }

    /// <summary>
    /// Writes what was noted and says that the index now holds every owner: the log ends with a time, and the lease directory gets that
    /// time of modification. Any change of the lease directory sets it to the kernel's clock; the seal is a nanosecond before the
    /// directory's last change, which that clock never reaches again, however coarse the filesystem's times. The directory is set last, so
    /// a process killed on the way leaves the two different.
    /// </summary>
    public void Seal()
    {
        var time = leases.Status().ModifiedNanoseconds - 1;
        Append(pending + OwnerLog.SealOf(time));
        pending.Clear();
        leases.SetModified(time);
        // A filesystem of coarser times rounded it down.
        var kept = leases.Status().ModifiedNanoseconds;
        if (kept != time)
            Append(OwnerLog.SealOf(kept));
    }

    private void Append(string lines)
    {
        if (log!.TryAppend(lines))
            return;
        var changes = OwnerLog.ReadChanges(Encoding.UTF8.GetString(log.Text) + lines);
        Replace(OwnerSnapshot.Merge(snapshot is null ? [] : snapshot.Read(), changes), lines[lines.LastIndexOf('=')..]);
    }

    /// <summary>Makes the index say what a scan found. <see cref="Seal"/> is the caller's.</summary>
    public void Rebuild(IEnumerable<Lease> scan)
    {
        var lines = new List<string>();
        foreach (var (address, content) in scan)
        {
            if (content.State == LeaseState.Leased && CanHold(content.Owner))
                lines.Add($"{content.Owner.ContainerId} {address}");
        }

        pending.Clear();
        Replace(OwnerSnapshot.TextOf(lines), "");
    }

    // The log goes first and comes last: without it nothing of the rest is believed. Whatever else is in the directory is an index of an
    // older form.
    private void Replace(byte[] text, string seal)
    {
        Dispose();
        using var directory = FileDirectory.Ensure(path, DirectoryMode);
        directory.Remove(OwnerLog.FileName);
        foreach (var name in directory.ReadNames())
            directory.Remove(name);
        if (text.Length > 0)
            directory.Overwrite(OwnerSnapshot.FileName, text, FileMode);
        directory.Overwrite(OwnerLog.FileName, Encoding.ASCII.GetBytes(OwnerLog.HeaderOf(text.Length) + seal), FileMode);
        Open();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        log?.Dispose();
        snapshot?.Dispose();
        (log, snapshot) = (null, null);
    }
}
