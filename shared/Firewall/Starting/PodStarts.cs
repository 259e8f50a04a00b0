using System.Globalization;
using System.Text;
using Plugboard.Addresses;
using Plugboard.Firewall.Pods;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Sockets;

namespace Plugboard.Firewall.Starting;

/// <summary>
/// Where plugins report the pods that they attach, before these can send, and where the process that enforces policy on the node answers
/// that a pod's policies are in the kernel. Below /run, so it ends with the rules when the node does: <c>policy/wait</c> is there while
/// policy is enforced and says how many milliseconds an ADD waits, <c>policy/pods</c> has a record for each pod, <c>policy/ready</c> an
/// empty file for each whose policies are in force. The enforcing process holds a flock(2) on <c>policy/alive</c>; an ADD that it did not
/// answer because it had ended leaves <c>policy/unanswered</c>, and no other ADD waits until it runs again.
/// </summary>
/// <param name="root">The directory, such as <c>/run/plugboard</c>.</param>
public sealed class PodStarts(string root = PodRecordStore.Root)
{
    private const string WaitName = "wait";
    private const string AliveName = "alive";
    private const string UnansweredName = "unanswered";
    private const int LongestNumber = 16;

    private static readonly TimeSpan lookTimeout = TimeSpan.FromSeconds(1);

    private readonly PodRecordStore records = new(root + "/policy/pods");

    /// <summary>The directory of all of it.</summary>
    public string Path => root + "/policy";

    /// <summary>The directory of the records.</summary>
    public string RecordPath => Path + "/pods";

    private string ReadyPath => Path + "/ready";

    /// <summary>How long an ADD waits; null: no process enforces policy here. A node without policy costs this one look.</summary>
    public TimeSpan? FindWait()
    {
        using var file = FileDescriptor.FindForReading($"{Path}/{WaitName}");
        if (file is null)
            return null;
        var buffer = new byte[LongestNumber];
        var text = Encoding.ASCII.GetString(buffer, 0, file.ReadAt(buffer, 0)).Trim();
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            ? TimeSpan.FromMilliseconds(milliseconds)
            : TimeSpan.Zero;
    }

    /// <summary>Records a pod, which is not ready until its policies are in force.</summary>
    /// <exception cref="ErrnoException">The directory cannot be written.</exception>
    public void Announce(PodStart start)
    {
        // Of an earlier ADD of the same container.
        using (var ready = FileDirectory.Find(ReadyPath))
            ready?.Remove(start.Owner.Tag);
        records.Write(start.ToRecord());
    }

    /// <summary>
    /// Waits until a pod's policies are in force; false if the time passed first, or if no coordinator will answer. One that has ended
    /// is waited for once, since it may be starting again.
    /// </summary>
    /// <exception cref="ErrnoException">Nothing can be watched, or the directory cannot be written.</exception>
    public bool WaitUntilReady(Attachment owner, TimeSpan patience)
    {
        using var ready = FileDirectory.Find(ReadyPath);
        if (ready is null)
            return false;
        if (ready.FindStatus(owner.Tag) is not null)
            return true;
        using var directory = FileDirectory.Find(Path);
        if (directory is null || (directory.FindStatus(UnansweredName) is not null && HasEnded(directory)))
            return false;
        if (Wait(ready, owner, patience))
            return true;
        if (patience > TimeSpan.Zero && HasEnded(directory))
            directory.OpenOrCreate(UnansweredName, FileModes.RootsOwn).Dispose();
        return false;
    }

    private static bool Wait(FileDirectory ready, Attachment owner, TimeSpan patience)
    {
        using var watch = FileWatch.Open();
        watch.Add(ready);
        var poll = new SocketPoll();
        var end = BootClock.Milliseconds + (long)patience.TotalMilliseconds;
        while (ready.FindStatus(owner.Tag) is null)
        {
            var left = end - BootClock.Milliseconds;
            if (left <= 0)
                return false;
            poll.Clear();
            poll.Add(watch.Descriptor);
            poll.Wait(left);
            watch.Read();
        }

        return true;
    }

    // Without the file it may be of a build that has no lock. Shared: two plugins that look do not take each other for it.
    private static bool HasEnded(FileDirectory directory)
    {
        if (directory.FindStatus(AliveName) is null)
            return false;
        var file = directory.OpenOrCreate(AliveName, FileModes.RootsOwn);
        using var free = FileLock.TryTakeShared(file);
        if (free is null)
            file.Dispose();
        return free is not null;
    }

    /// <summary>Removes a pod's record; one that is missing is no failure.</summary>
    public void Withdraw(Attachment owner) => records.Remove(owner);

    /// <summary>Removes the records of a network's pods that are not valid any more.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="valid">The tags of its valid pods.</param>
    public void Collect(string network, IReadOnlySet<string> valid)
    {
        foreach (var record in records.ListStale(network, valid))
            records.Remove(record.Owner);
    }

    /// <summary>All pods with a record.</summary>
    public IReadOnlyList<PodStart> List()
    {
        var starts = new List<PodStart>();
        foreach (var record in records.List())
        {
            if (PodStart.From(record) is { } start)
                starts.Add(start);
        }

        return starts;
    }

    /// <summary>From now on plugins report their pods, and wait.</summary>
    /// <param name="patience">How long an ADD waits; zero: it does not.</param>
    /// <returns>That this process lives, until it is disposed; null if another one holds that all the time.</returns>
    /// <exception cref="ErrnoException">The directory cannot be written.</exception>
    public FileLock? Open(TimeSpan patience)
    {
        FileDirectory.Ensure(RecordPath, FileModes.Directory).Dispose();
        FileDirectory.Ensure(ReadyPath, FileModes.Directory).Dispose();
        using var directory = FileDirectory.Ensure(Path, FileModes.Directory);
        var file = directory.OpenOrCreate(AliveName, FileModes.RootsOwn);
        // A plugin that looks has it for a moment.
        var alive = FileLock.TryTake(file, lookTimeout);
        if (alive is null)
            file.Dispose();
        directory.Remove(UnansweredName);
        var text = string.Create(CultureInfo.InvariantCulture, $"{(long)patience.TotalMilliseconds}\n");
        directory.Replace(WaitName, Encoding.ASCII.GetBytes(text), FileModes.RootsOwn);
        return alive;
    }

    /// <summary>True if a process enforces policy with these reports now.</summary>
    public bool HasCoordinator()
    {
        using var directory = FileDirectory.Find(Path);
        return directory?.FindStatus(AliveName) is not null && !HasEnded(directory);
    }

    /// <summary>
    /// From now on plugins report nothing. What the enforcing process has made is removed; records of pods that live stay, for the DEL of
    /// each.
    /// </summary>
    /// <exception cref="ErrnoException">The directory cannot be written.</exception>
    public void Close()
    {
        using var directory = FileDirectory.Find(Path);
        if (directory is null)
            return;
        directory.Remove(WaitName);
        directory.Remove(AliveName);
        directory.Remove(UnansweredName);
        foreach (var tag in ListReady())
            SetReady(tag, isReady: false);
        directory.TryRemoveEmpty("ready");
        directory.TryRemoveEmpty("pods");
        FileDirectory.TryRemoveDirectory(Path);
    }

    /// <summary>The tags of the pods that are ready.</summary>
    public IReadOnlyList<string> ListReady()
    {
        using var directory = FileDirectory.Find(ReadyPath);
        return directory?.ReadNames() ?? [];
    }

    /// <summary>Says that a pod's policies are in force, or takes it back.</summary>
    public void SetReady(string tag, bool isReady)
    {
        using var directory = FileDirectory.Ensure(ReadyPath, FileModes.Directory);
        if (isReady)
            directory.OpenOrCreate(tag, FileModes.RootsOwn).Dispose();
        else
            directory.Remove(tag);
    }
}
