using System.Globalization;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes;

/// <summary>
/// The directory that a volume is mounted on, locked against other calls. What is there is decided by mountinfo, never by looking at the
/// directory: that would wait for a dead server.
/// </summary>
internal sealed class VolumeTarget : IDisposable
{
    private const int MostHolders = 3;
    private const int MostNames = 5;
    private const int MostPauses = 20;
    private const uint DirectoryMode = 0x1e8;

    private static readonly TimeSpan busyPause = TimeSpan.FromMilliseconds(25);

    private readonly PathLock held;
    private readonly VolumePolicy policy;
    private bool made;
    private bool published;

    private VolumeTarget(string path, PathLock held, VolumePolicy policy)
    {
        Path = path;
        this.held = held;
        this.policy = policy;
        Top = MountTable.ReadAt(path).FindTop(path);
    }

    /// <summary>Its path, absolute and plain.</summary>
    public string Path { get; }

    /// <summary>What was mounted there when it was locked; null: nothing.</summary>
    public MountEntry? Top { get; }

    /// <summary>Locks a target; waits for other calls as long as a mount may take.</summary>
    public static VolumeTarget Lock(string path, VolumePolicy policy)
    {
        var plain = RequirePlain(path);
        return new VolumeTarget(plain, PathLock.Take(policy, plain), policy);
    }

    private static string RequirePlain(string path)
    {
        var plain = path.Length > 1 ? path.TrimEnd('/') : path;
        if (
            !plain.StartsWith('/')
            || plain.Length < 2
            || plain.Contains("/../", StringComparison.Ordinal)
            || plain.EndsWith("/..", StringComparison.Ordinal)
            || plain.Contains("//", StringComparison.Ordinal)
            || plain.Contains("/./", StringComparison.Ordinal)
        )
            throw new VolumeException($"target \"{path}\" is not an absolute, plain path");
        return plain;
    }

    /// <summary>True if the volume is mounted already; false if nothing is mounted.</summary>
    /// <param name="isOurs">Decides whether the mount on top is this volume.</param>
    /// <param name="expected">What it should be, for the message.</param>
    /// <exception cref="VolumeException">Something else is mounted.</exception>
    public bool IsPublished(Predicate<MountEntry> isOurs, string expected)
    {
        if (Top is null)
            return false;
        if (isOurs(Top))
            return true;
        throw new VolumeException($"mount: {Path} already has {Top.Type} {Top.Source} mounted on it, expected {expected}; not touching it");
    }

    /// <summary>
    /// Keeps a mounted volume, and adds missing attributes, as after a call that was killed half-way, or when a volume became read-only.
    /// </summary>
    /// <param name="isOurs">True for that volume's mount.</param>
    /// <param name="expected">What it is, for messages.</param>
    /// <param name="wanted">Its attributes.</param>
    /// <returns>False if nothing is mounted.</returns>
    /// <exception cref="VolumeException">Something else is mounted, or it is read-only and should not be.</exception>
    public bool TryKeep(Predicate<MountEntry> isOurs, string expected, MountAttributes wanted)
    {
        if (!IsPublished(isOurs, expected))
            return false;
        RequireAttributes(wanted);
        Publish();
        return true;
    }

    private void RequireAttributes(MountAttributes wanted)
    {
        var present = Top!.Attributes;
        if (present.HasFlag(MountAttributes.ReadOnly) && !wanted.HasFlag(MountAttributes.ReadOnly))
            throw new VolumeException($"mount: {Path} is mounted read-only, expected writable; unmount it first");
        if ((present & wanted) != wanted)
            new Mounting(policy.MountApi).SetAttributes(Path, wanted, present);
    }

    /// <summary>Opens the empty directory to mount on; makes it where it is missing.</summary>
    public FileDescriptor Prepare()
    {
        RequirePropagation();
        using (var parent = FileDirectory.Ensure(System.IO.Path.GetDirectoryName(Path)!, DirectoryMode))
        {
            var name = System.IO.Path.GetFileName(Path);
            var status = parent.FindStatus(name);
            made = status is null;
            if (status is { IsDirectory: false })
                throw new VolumeException($"mount: {Path} is not a directory; remove it");
        }

        using (var directory = FileDirectory.Ensure(Path, DirectoryMode))
        {
            var names = directory.ReadNames();
            if (names.Count > 0)
                throw new VolumeException($"mount: {Path} is not empty, it contains {Names(names)}; a mount would hide it");
        }

        return FileDescriptor.OpenPath(Path);
    }

    private void RequirePropagation()
    {
        if (policy.RequireSharedPropagation && MountTable.Read().FindHolding(Path) is { IsShared: false } holding)
            throw new VolumeException(
                $"mount: {holding.Target} is not a shared mount, so the pod would not see what is mounted below it; mount "
                    + $"--make-rshared {holding.Target}"
            );
    }

    /// <summary>The volume is mounted: its directory stays when this object is disposed.</summary>
    public void Publish() => published = true;

    /// <summary>Takes away all that is mounted here and below, and the directory.</summary>
    public void Unpublish()
    {
        using var never = new ManualResetEventSlim();
        for (var left = MostPauses; !TryPeel(isLast: left == 0); left--)
            never.Wait(busyPause);
        RemoveDirectory();
    }

    // What a killed process had open the kernel gives back some milliseconds after its end: false, to be tried again.
    private bool TryPeel(bool isLast)
    {
        try
        {
            Unmounting.PeelAll(Path);
            return true;
        }
        catch (ErrnoException e) when (e.Errno == Errno.EBUSY)
        {
            var holders = MountHolders.Find(e.Subject, MostHolders);
            if (holders.Count == 0 && !isLast)
                return false;
            var who =
                holders.Count == 0
                    ? "no process with an open file was found; another mount of it, or the kernel, may hold it"
                    : string.Join(", ", holders);
            throw new VolumeException($"unmount: {Path} is busy: {who}; kubelet will retry", e);
        }
    }

    private void RemoveDirectory()
    {
        var errno = FileDirectory.TryRemoveDirectory(Path);
        if (errno is Errno.None or Errno.ENOENT)
            return;
        if (errno is Errno.ENOTDIR)
            throw new VolumeException($"unmount: {FindFile(Path)} is not a directory, and nothing is mounted on it; remove it");
        if (errno is not (Errno.ENOTEMPTY or Errno.EEXIST))
            throw VolumeException.From($"unmount: cannot remove {Path}", new ErrnoException("rmdir", Path, errno));
        using var directory = FileDirectory.Find(Path);
        throw new VolumeException(
            $"unmount: {Path} is not empty, it contains {Names(directory?.ReadNames() ?? [])}; nothing in it was deleted"
        );
    }

    // The path, or the part of it that is in the place of a directory.
    private static string FindFile(string path)
    {
        for (var part = path; System.IO.Path.GetDirectoryName(part) is { Length: > 1 } parent; part = parent)
        {
            if (FileDescriptor.FindStatus(parent) is { IsDirectory: true })
                return part;
        }

        return path;
    }

    private static string Names(List<string> names)
    {
        names.Sort(StringComparer.Ordinal);
        var shown = string.Join(", ", names.Take(MostNames).Select(static name => $"\"{name}\""));
        return names.Count <= MostNames
            ? shown
            : string.Create(CultureInfo.InvariantCulture, $"{shown} and {names.Count - MostNames} more");
    }

    /// <summary>Gives the lock back, and takes back the directory that was made for a mount that did not come.</summary>
    public void Dispose()
    {
        if (made && !published)
            FileDirectory.TryRemoveDirectory(Path);
        held.Dispose();
    }
}
