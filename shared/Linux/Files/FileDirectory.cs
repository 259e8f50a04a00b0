using System.Runtime.InteropServices;
using System.Text;

namespace Plugboard.Linux.Files;

/// <summary>
/// An open directory and what is done to the names in it. Names are relative to the directory itself, which stays the same one though its
/// path be renamed. What a call expects to be missing or present is its result; every other refused call is an
/// <see cref="ErrnoException"/>.
/// </summary>
public sealed unsafe class FileDirectory : IDisposable
{
    private readonly FileDescriptor descriptor;

    private FileDirectory(FileDescriptor descriptor) => this.descriptor = descriptor;

    /// <summary>The path it was opened by.</summary>
    public string Path => descriptor.Path;

    internal FileDescriptor Descriptor => descriptor;

    internal static FileDirectory Of(FileDescriptor descriptor) => new(descriptor);

    /// <summary>Opens a directory; null if nothing is there, as at a path that is too long for anything to be there.</summary>
    public static FileDirectory? Find(string path)
    {
        var found = FileDescriptor.TryOpen(null, path, O_RDONLY | O_DIRECTORY, 0, out var errno);
        return found is not null ? new FileDirectory(found)
            : FileDescriptor.IsAbsent(errno) ? null
            : throw new ErrnoException("open", path, errno);
    }

    /// <summary>
    /// Opens a directory; where it is missing it is made, with all its parents, with <paramref name="mode"/> less the umask.
    /// </summary>
    public static FileDirectory Ensure(string path, uint mode)
    {
        if (Find(path) is { } found)
            return found;
        for (var end = path.IndexOf('/', 1); end > 0; end = path.IndexOf('/', end + 1))
            Make(path[..end], mode);
        Make(path, mode);
        return new FileDirectory(FileDescriptor.OpenDirectory(path));
    }

    private static void Make(string path, uint mode)
    {
        if (LibC.File.MkDirAt(AT_FDCWD, path, mode) == 0)
            return;
        var error = ErrnoException.Last("mkdir", path);
        // A read-only filesystem may say EROFS, and an automounter EACCES, for a directory that is there.
        if (error.Errno != Errno.EEXIST && FileDescriptor.FindStatus(path) is not { IsDirectory: true })
            throw error;
    }

    /// <summary>The statx(2) of the directory.</summary>
    public FileStatus Status() => descriptor.Status();

    /// <summary>The statx(2) of a name in it, following no link; null if missing.</summary>
    public FileStatus? FindStatus(string name) => FileDescriptor.Stat(descriptor.Number, name, AT_SYMLINK_NOFOLLOW, FullPath(name));

    /// <summary>
    /// Reads the start of a regular file into <paramref name="buffer"/> and returns how much; null if the name is missing, -1 where it
    /// is anything but a regular file. Never waits for the writer of a pipe and follows no link.
    /// </summary>
    public int? FindContent(string name, Span<byte> buffer)
    {
        var flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
        using var file = FileDescriptor.TryOpen(descriptor, name, flags, 0, out var errno);
        if (file is not null)
            return file.TryReadAt(buffer, 0, out var count) ? count : -1;
        return errno switch
        {
            // Nothing has a name that no file can have.
            Errno.ENOENT or Errno.ENAMETOOLONG => null,
            Errno.ELOOP or Errno.ENXIO => -1,
            _ => throw new ErrnoException("open", FullPath(name), errno),
        };
    }

    /// <summary>Opens a regular file for reading, as <see cref="FileDescriptor.FindForReading"/>; null if the name is missing.</summary>
    /// <exception cref="UnusableFileException">Something else has the name.</exception>
    public FileDescriptor? FindForReading(string name) => FileDescriptor.FindRegular(descriptor, name, O_RDONLY);

    /// <summary>As <see cref="FindForReading"/>, in a directory below /proc or /sys.</summary>
    public FileDescriptor? FindKernelFile(string name) => FileDescriptor.Find(descriptor, name, O_RDONLY);

    /// <summary>
    /// Opens a file for its lock and makes it, empty, where it is missing. A named pipe in its place is not waited for and can be locked
    /// too.
    /// </summary>
    public FileDescriptor OpenOrCreate(string name, uint mode) => Open(name, O_RDONLY | O_CREAT, mode);

    private FileDescriptor Open(string name, int flags, uint mode) =>
        FileDescriptor.FindUnwaited(descriptor, name, flags, mode) ?? throw new ErrnoException("open", FullPath(name), Errno.ENOENT);

    /// <summary>
    /// Replaces a file's content in place: not atomic. It is cut only where it was longer: ext4 writes a file that was cut to nothing to
    /// the disk when it is closed (auto_da_alloc), a quarter of a millisecond.
    /// </summary>
    public void Overwrite(string name, ReadOnlySpan<byte> content, uint mode)
    {
        using var file = Open(name, O_WRONLY | O_CREAT, mode);
        var status = file.RequireRegular();
        file.Write(content);
        if (status.Size > content.Length && ftruncate(file.Number, content.Length) < 0)
            throw ErrnoException.Last("ftruncate", file.Path);
    }

    /// <summary>Removes a name that is not a directory; false if missing.</summary>
    public bool Remove(string name)
    {
        if (LibC.File.UnlinkAt(descriptor.Number, name, 0) == 0)
            return true;
        var errno = (Errno)Marshal.GetLastPInvokeError();
        return FileDescriptor.IsAbsent(errno) ? false : throw new ErrnoException("unlink", FullPath(name), errno);
    }

    /// <summary>
    /// Makes or replaces a file in one step: a process that reads or executes it has the old or the new one whole. It is written under the
    /// name with a dot before it, which comes first and is gone afterwards.
    /// </summary>
    public void Replace(string name, ReadOnlySpan<byte> content, uint mode) => Replace(name, content, mode, $".{name}");

    /// <summary>As <see cref="Replace(string,ReadOnlySpan{byte},uint)"/>, written under a name of the caller's.</summary>
    public void Replace(string name, ReadOnlySpan<byte> content, uint mode, string temporary)
    {
        try
        {
            WriteSynced(temporary, content, mode);
            if (LibC.File.RenameAt(descriptor.Number, temporary, descriptor.Number, name) < 0)
                throw ErrnoException.Last("rename", FullPath(name));
        }
        catch (ErrnoException)
        {
            // On a full disk it would keep what space there is. What fails here has failed before.
            _ = LibC.File.UnlinkAt(descriptor.Number, temporary, 0);
            throw;
        }
    }

    private void WriteSynced(string name, ReadOnlySpan<byte> content, uint mode)
    {
        using var file = CreateAlways(name, mode);
        file.Write(content);
        if (fchmod(file.Number, (ushort)mode) < 0)
            throw ErrnoException.Last("chmod", file.Path);
        file.Sync();
    }

    // A file that a killed process left, or that another user created, is not written to: it may be a named pipe.
    private FileDescriptor CreateAlways(string name, uint mode)
    {
        var flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
        if (FileDescriptor.TryOpen(descriptor, name, flags, mode, out var errno) is { } created)
            return created;
        if (errno == Errno.EEXIST)
            Remove(name);
        return FileDescriptor.Open(descriptor, name, flags, mode);
    }

    /// <summary>Renames inside this directory; false if the new name is taken.</summary>
    public bool TryRename(string name, string newName)
    {
        const uint NoReplace = 1;
        return LibC.File.RenameAt2(descriptor.Number, name, descriptor.Number, newName, NoReplace) == 0
            || Expected(Errno.EEXIST, "rename", newName);
    }

    /// <summary>Renames into a directory of the same filesystem, over what has the name there.</summary>
    public void Rename(string name, FileDirectory to, string newName)
    {
        if (LibC.File.RenameAt(descriptor.Number, name, to.descriptor.Number, newName) < 0)
            throw ErrnoException.Last("rename", to.FullPath(newName));
    }

    /// <summary>As <see cref="TryRename(string,string)"/>, into another directory of the same filesystem.</summary>
    public bool TryRename(string name, FileDirectory to, string newName)
    {
        const uint NoReplace = 1;
        return LibC.File.RenameAt2(descriptor.Number, name, to.descriptor.Number, newName, NoReplace) == 0
            || to.Expected(Errno.EEXIST, "rename", newName);
    }

    /// <summary>
    /// Gives a file, or a symbolic link itself, a second name in a directory of the same filesystem; false if the filesystem, or this
    /// file, cannot have one.
    /// </summary>
    public bool TryLink(string name, FileDirectory to, string newName)
    {
        if (LibC.File.LinkAt(descriptor.Number, name, to.descriptor.Number, newName, 0) == 0)
            return true;
        var errno = (Errno)Marshal.GetLastPInvokeError();
        return errno is Errno.EPERM or Errno.EMLINK or Errno.EOPNOTSUPP or Errno.ENOSYS
            ? false
            : throw new ErrnoException("link", to.FullPath(newName), errno);
    }

    /// <summary>Makes a file that must not be there and opens it for writing.</summary>
    public FileDescriptor CreateNew(string name, uint mode) =>
        FileDescriptor.Open(descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);

    /// <summary>Opens a regular file for reading without following a link; null if the name is missing or is anything else.</summary>
    public FileDescriptor? FindRegular(string name)
    {
        var file = FileDescriptor.TryOpen(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0, out var errno);
        if (file is null)
            return errno is Errno.ENOENT or Errno.ENAMETOOLONG or Errno.ELOOP or Errno.ENXIO
                ? null
                : throw new ErrnoException("open", FullPath(name), errno);
        if (file.Status().IsRegular)
            return file;
        file.Dispose();
        return null;
    }

    /// <summary>Opens a directory in it, no link to one; null if the name is missing.</summary>
    public FileDirectory? FindDirectory(string name) =>
        FileDescriptor.TryOpen(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, out var errno) is { } found
            ? new FileDirectory(found)
        : errno is Errno.ENOENT or Errno.ENAMETOOLONG ? null
        : throw new ErrnoException("open", FullPath(name), errno);

    /// <summary>Opens a directory in it and makes it, with <paramref name="mode"/> less the umask, where it is missing.</summary>
    public FileDirectory EnsureDirectory(string name, uint mode)
    {
        if (FindDirectory(name) is { } found)
            return found;
        if (LibC.File.MkDirAt(descriptor.Number, name, mode) < 0 && Marshal.GetLastPInvokeError() != (int)Errno.EEXIST)
            throw ErrnoException.Last("mkdir", FullPath(name));
        return FindDirectory(name) ?? throw new ErrnoException("open", FullPath(name), Errno.ENOENT);
    }

    /// <summary>Removes an empty directory in it: <see cref="Errno.None"/>, or why it was refused.</summary>
    public Errno TryRemoveEmpty(string name) =>
        LibC.File.UnlinkAt(descriptor.Number, name, AT_REMOVEDIR) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();

    /// <summary>
    /// A path to a name in it, for this process and a child that it is just starting: it stays right though directories be renamed, and no
    /// link on the way leads elsewhere.
    /// </summary>
    public string SelfPath(string name) => $"{descriptor.SelfPath}/{name}";

    /// <summary>A second descriptor of it, such as for a lock.</summary>
    public FileDescriptor Reopen() => FileDescriptor.Open(descriptor, ".", O_RDONLY | O_DIRECTORY, 0);

    /// <summary>The same directory, opened once more.</summary>
    public FileDirectory OpenAgain() => new(new FileDescriptor(Reopen().Detach(), Path));

    /// <summary>How full its filesystem is.</summary>
    public FilesystemSpace Space() => descriptor.Space();

    /// <summary>Removes an empty directory: <see cref="Errno.None"/>, or why it was refused.</summary>
    public static Errno TryRemoveDirectory(string path) =>
        LibC.File.UnlinkAt(AT_FDCWD, path, AT_REMOVEDIR) == 0 ? Errno.None : (Errno)Marshal.GetLastPInvokeError();

    /// <summary>What a symbolic link says, up to <paramref name="longest"/> bytes; null if the name is missing or no link.</summary>
    public string? FindLinkTarget(string name, int longest = 4096)
    {
        Span<byte> buffer = longest <= 512 ? stackalloc byte[longest] : new byte[longest];
        fixed (byte* p = buffer)
        {
            var length = (int)LibC.File.ReadLinkAt(descriptor.Number, name, p, (nuint)buffer.Length);
            if (length >= 0)
                return Encoding.UTF8.GetString(buffer[..length]);
        }

        var errno = (Errno)Marshal.GetLastPInvokeError();
        return errno is Errno.ENOENT or Errno.EINVAL ? null : throw new ErrnoException("readlink", FullPath(name), errno);
    }

    /// <summary>All names but <c>.</c> and <c>..</c>, in the filesystem's own order.</summary>
    public List<string> ReadNames()
    {
        const int NameOffset = 19;
        var names = new List<string>();
        using var entries = FileDescriptor.Open(descriptor, ".", O_RDONLY | O_DIRECTORY, 0);
        var buffer = new byte[32 * 1024];
        fixed (byte* p = buffer)
        {
            while (true)
            {
                var length = (int)LibC.File.GetDents64(entries.Number, p, (nuint)buffer.Length);
                if (length < 0)
                    throw ErrnoException.Last("getdents64", Path);
                if (length == 0)
                    return names;
                // struct linux_dirent64: d_ino 8, d_off 8, d_reclen 2, d_type 1, d_name with its NUL.
                for (var at = 0; at < length; at += *(ushort*)(p + at + 16))
                {
                    var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(p + at + NameOffset);
                    if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                        names.Add(Encoding.UTF8.GetString(name));
                }
            }
        }
    }

    /// <summary>Sets the directory's time of last modification, in nanoseconds since 1970; the filesystem may round it down.</summary>
    public void SetModified(Int128 nanoseconds)
    {
        var times = stackalloc timespec[2];
        Fill(times, nanoseconds);
        if (futimens(descriptor.Number, times) < 0)
            throw ErrnoException.Last("futimens", Path);
    }

    /// <summary>
    /// Gives a regular file the time of now for its last modification; false if the name is missing or is anything else.
    /// </summary>
    public bool TryTouch(string name)
    {
        using var file = FindRegular(name);
        if (file is null)
            return false;
        return futimens(file.Number, null) == 0 ? true : throw ErrnoException.Last("futimens", file.Path);
    }

    /// <summary>
    /// A file with content but no name yet, on this directory's filesystem: <see cref="UnnamedFile.TryLink"/> gives it one. Whatever ends
    /// the process before that, nothing is left of it.
    /// </summary>
    public UnnamedFile CreateUnnamed(ReadOnlySpan<byte> content, uint mode) => UnnamedFile.Create(this, content, mode);

    /// <summary>
    /// As <see cref="CreateUnnamed(ReadOnlySpan{byte},uint)"/>, with a name of the caller's where O_TMPFILE is unknown: for writers without
    /// a lock.
    /// </summary>
    public UnnamedFile CreateUnnamed(ReadOnlySpan<byte> content, uint mode, string temporaryName) =>
        UnnamedFile.Create(this, content, mode, temporaryName);

    /// <summary>As <see cref="CreateUnnamed(ReadOnlySpan{byte},uint)"/>, empty, to be filled by <see cref="UnnamedFile.File"/>.</summary>
    public UnnamedFile CreateUnnamed(uint mode) => UnnamedFile.Create(this, [], mode);

    /// <summary>
    /// Throws what making a file in the directory would throw, or, where it is absent, making it: the nearest one above it tells. Leaves no
    /// trace.
    /// </summary>
    /// <param name="path">The directory's path.</param>
    /// <exception cref="ErrnoException">ENOTDIR: something else has its place, or that of one above it; EACCES, EROFS, ENOSPC.</exception>
    public static void ProbeWritable(string path)
    {
        using var nearest = FindNearest(path);
        nearest.ProbeWritable();
    }

    private static FileDirectory FindNearest(string path)
    {
        while (true)
        {
            if (Find(path) is { } found)
                return found;
            if (FileDescriptor.FindStatus(path) is not null)
                throw new ErrnoException("open", path, Errno.ENOTDIR);
            var slash = path.LastIndexOf('/');
            path =
                slash > 0 ? path[..slash]
                : slash == 0 ? "/"
                : ".";
        }
    }

    /// <summary>Throws what making a file in this directory would throw: not permitted, read-only, full. Leaves no trace.</summary>
    public void ProbeWritable()
    {
        if (UnnamedFile.TryProbe(this))
            return;
        if (LibC.File.FAccessAt(descriptor.Number, ".", W_OK | X_OK, 0) < 0)
            throw ErrnoException.Last("access", Path);
    }

    // The access time is left alone (UTIME_OMIT).
    private static void Fill(timespec* times, Int128 nanoseconds)
    {
        const int Second = 1_000_000_000;
        var whole = Int128.DivRem(nanoseconds, Second);
        var negative = whole.Remainder < 0;
        times[0].tv_nsec = UTIME_OMIT;
        times[1].tv_sec = (long)(negative ? whole.Quotient - 1 : whole.Quotient);
        times[1].tv_nsec = (int)(negative ? whole.Remainder + Second : whole.Remainder);
    }

    /// <summary>Waits until names that were made, renamed or removed in it are on the disk.</summary>
    public void Sync() => descriptor.Sync();

    private bool Expected(Errno expected, string call, string name)
    {
        var errno = (Errno)Marshal.GetLastPInvokeError();
        return errno == expected ? false : throw new ErrnoException(call, FullPath(name), errno);
    }

    internal string FullPath(string name) => $"{Path}/{name}";

    /// <inheritdoc/>
    public void Dispose() => descriptor.Dispose();
}
