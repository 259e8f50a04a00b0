using System.Runtime.InteropServices;

namespace Plugboard.Linux.Files;

/// <summary>
/// An open file or directory: open(2) with CLOEXEC and the few calls a plugin makes, without the buffers and strategies of a
/// <see cref="FileStream"/>, whose first use costs a cold process a tenth of a millisecond. A relative path is below a directory's
/// descriptor. Every refused call is an <see cref="ErrnoException"/>.
/// </summary>
public sealed unsafe class FileDescriptor : SafeHandle
{
    /// <summary>16 MiB: the default limit of <see cref="ReadToEnd"/>.</summary>
    public const int UsualLimit = 16 << 20;

    private readonly string path;

    internal FileDescriptor(int fd, string path, bool ownsHandle = true)
        : base(-1, ownsHandle)
    {
        this.path = path;
        SetHandle(fd);
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle < 0;

    /// <summary>The path it was opened by, for messages.</summary>
    public string Path => path;

    internal int Number => IsClosed ? throw new ObjectDisposedException(path) : (int)handle;

    /// <summary>The process's standard input; disposing does not close it.</summary>
    public static FileDescriptor StandardInput() => new(0, "stdin", ownsHandle: false);

    /// <summary>The process's standard output; disposing does not close it.</summary>
    public static FileDescriptor StandardOutput() => new(1, "stdout", ownsHandle: false);

    /// <summary>The process's standard error; disposing does not close it.</summary>
    public static FileDescriptor StandardError() => new(2, "stderr", ownsHandle: false);

    /// <summary>
    /// Opens a regular file for reading that another user may have created; null if absent (ENOENT, ENOTDIR). Links are followed. It does
    /// not wait for a named pipe, a terminal does not become this process's own, and anything but a regular file is refused before a byte
    /// is read.
    /// </summary>
    /// <exception cref="UnusableFileException">The path is not a regular file.</exception>
    public static FileDescriptor? FindForReading(string path) => FindRegular(null, path, O_RDONLY);

    /// <summary>As <see cref="FindForReading"/>; a missing file is refused too.</summary>
    public static FileDescriptor OpenForReading(string path) =>
        FindForReading(path) ?? throw new ErrnoException("open", path, Errno.ENOENT);

    /// <summary>
    /// Opens a file below /proc or /sys for reading, where only the kernel makes files; null if the kernel has no such file.
    /// </summary>
    public static FileDescriptor? FindKernelFile(string path) => Find(null, path, O_RDONLY);

    /// <summary>As <see cref="FindKernelFile"/>; a missing file is refused.</summary>
    public static FileDescriptor OpenKernelFile(string path) => Open(null, path, O_RDONLY, 0);

    /// <summary>
    /// Opens what a person named on the command line, for reading: a pipe or a terminal too, which the shell's <c>&lt;(…)</c> and
    /// <c>/dev/stdin</c> are, and which is waited for.
    /// </summary>
    public static FileDescriptor OpenCommandLineFile(string path) => Open(null, path, O_RDONLY, 0);

    /// <summary>Opens a directory.</summary>
    public static FileDescriptor OpenDirectory(string path) => Open(null, path, O_RDONLY | O_DIRECTORY, 0);

    /// <summary>Opens a directory; null if nothing is there.</summary>
    public static FileDescriptor? FindDirectory(string path) => Find(null, path, O_RDONLY | O_DIRECTORY);

    /// <summary>
    /// Opens what a path names, following no link at its end, without opening it: neither a device nor a server is asked. For calls that
    /// take a place (O_PATH).
    /// </summary>
    public static FileDescriptor OpenPath(string path) => Open(null, path, O_PATH | O_NOFOLLOW, 0);

    /// <summary>
    /// Opens an existing regular file for reading and writing, following no link at its end; null if nothing is there.
    /// </summary>
    /// <exception cref="UnusableFileException">Something else is there.</exception>
    public static FileDescriptor? FindForChange(string path) => FindRegular(null, path, O_RDWR | O_NOFOLLOW);

    /// <summary>A path by which another process reaches this open file while this process has it, though it have no name.</summary>
    public string ProcPath =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/{Number}");

    /// <summary>
    /// A path by which this process, and a child that it is just starting, reaches this open file; also where /proc is of another PID
    /// namespace than the process.
    /// </summary>
    public string SelfPath => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"/proc/self/fd/{Number}");

    /// <summary>Opens an existing regular file for reading and for writing at its end; null if nothing is there.</summary>
    /// <exception cref="UnusableFileException">Something else is there.</exception>
    public static FileDescriptor? FindForAppending(string path) => FindRegular(null, path, O_RDWR | O_APPEND);

    internal static FileDescriptor Open(FileDescriptor? directory, string path, int flags, uint mode) =>
        TryOpen(directory, path, flags, mode, out var errno) ?? throw new ErrnoException("open", FullPath(directory, path), errno);

    internal static FileDescriptor? Find(FileDescriptor? directory, string path, int flags)
    {
        var found = TryOpen(directory, path, flags, 0, out var errno);
        return found is not null || IsAbsent(errno) ? found : throw new ErrnoException("open", FullPath(directory, path), errno);
    }

    /// <summary>True if an error says that nothing has the name: one that no file can have, or below what is no directory.</summary>
    internal static bool IsAbsent(Errno errno) => errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ENAMETOOLONG;

    internal static FileDescriptor? FindRegular(FileDescriptor? directory, string path, int flags)
    {
        var found = FindUnwaited(directory, path, flags, 0);
        found?.RequireRegular();
        return found;
    }

    // open(2): without O_NONBLOCK, opening a named pipe waits until another process opens its other end. On a regular file the flag has no
    // effect.
    internal static FileDescriptor? FindUnwaited(FileDescriptor? directory, string path, int flags, uint mode)
    {
        var found = TryOpen(directory, path, flags | O_NONBLOCK | O_NOCTTY, mode, out var errno);
        if (found is not null || (IsAbsent(errno) && (errno != Errno.ENAMETOOLONG || (flags & O_CREAT) == 0)))
            return found;
        var full = FullPath(directory, path);
        // A socket, a device without a driver, a pipe without a reader that is opened for writing; a directory that is.
        throw errno is Errno.ENXIO or Errno.EISDIR
            ? UnusableFileException.NotRegular(full, Stat(directory?.Number ?? AT_FDCWD, path, 0, full)?.Type ?? FileType.Unknown)
            : new ErrnoException("open", full, errno);
    }

    // Closes anything but a regular file.
    internal FileStatus RequireRegular()
    {
        var status = Status();
        if (status.IsRegular)
            return status;
        Dispose();
        throw UnusableFileException.NotRegular(path, status.Type);
    }

    // What is expected to be missing costs no exception: the first one of a process takes longer than all its system calls.
    internal static FileDescriptor? TryOpen(FileDescriptor? directory, string path, int flags, uint mode, out Errno errno)
    {
        var at = directory?.Number ?? AT_FDCWD;
        // The kernel would see the path's beginning.
        errno = path.Contains('\0') ? Errno.EINVAL : Errno.EINTR;
        while (errno == Errno.EINTR)
        {
            var fd = LibC.File.OpenAt(at, path, flags | O_CLOEXEC, mode);
            if (fd >= 0)
            {
                errno = Errno.None;
                return new FileDescriptor(fd, FullPath(directory, path));
            }

            errno = (Errno)Marshal.GetLastPInvokeError();
        }

        return null;
    }

    private static string FullPath(FileDescriptor? directory, string path) => directory is null ? path : $"{directory.path}/{path}";

    /// <summary>Reads once; 0 at the end of the file.</summary>
    public int Read(Span<byte> buffer)
    {
        fixed (byte* p = buffer)
        {
            ssize_t count;
            do count = read(Number, p, buffer.Length);
            while (count < 0 && Marshal.GetLastPInvokeError() == (int)Errno.EINTR);
            return count < 0 ? throw ErrnoException.Last("read", path) : (int)count;
        }
    }

    /// <summary>Reads at an offset, without moving the position; fewer bytes only at the end of the file.</summary>
    public int ReadAt(Span<byte> buffer, long offset) =>
        TryReadAt(buffer, offset, out var count) ? count : throw new ErrnoException("pread", path, Errno.EISDIR);

    // False for a directory or a pipe, which cannot be read at an offset.
    internal bool TryReadAt(Span<byte> buffer, long offset, out int total)
    {
        total = 0;
        fixed (byte* p = buffer)
        {
            while (total < buffer.Length)
            {
                var count = pread(Number, p + total, buffer.Length - total, offset + total);
                if (count == 0)
                    break;
                if (count > 0)
                    total += (int)count;
                else if ((Errno)Marshal.GetLastPInvokeError() is Errno.EISDIR or Errno.ESPIPE)
                    return false;
                else if (Marshal.GetLastPInvokeError() != (int)Errno.EINTR)
                    throw ErrnoException.Last("pread", path);
            }
        }

        return true;
    }

    /// <summary>Reads from here to the end of the file.</summary>
    /// <param name="longest">How many bytes at most. No config, record or list that the product reads comes near the default; what only the
    /// kernel writes needs no limit.</param>
    /// <exception cref="UnusableFileException">There are more.</exception>
    public byte[] ReadToEnd(int longest = UsualLimit)
    {
        var buffer = new byte[4096];
        var length = 0;
        while (true)
        {
            var count = Read(buffer.AsSpan(length));
            if (count == 0)
                return length == buffer.Length ? buffer : buffer[..length];
            length += count;
            if (length > longest)
                throw UnusableFileException.TooLarge(path, longest);
            if (length == buffer.Length)
                Array.Resize(ref buffer, buffer.Length * 2);
        }
    }

    /// <summary>Writes all bytes.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
        {
            var written = 0;
            while (written < bytes.Length)
            {
                var count = write(Number, p + written, bytes.Length - written);
                if (count >= 0)
                    written += (int)count;
                else if (Marshal.GetLastPInvokeError() != (int)Errno.EINTR)
                    throw ErrnoException.Last("write", path);
            }
        }
    }

    /// <summary>The statx(2) of the open file.</summary>
    public FileStatus Status() => Stat(Number, "", AT_EMPTY_PATH, path) ?? throw new ErrnoException("statx", path, Errno.ENOENT);

    /// <summary>The statx(2) of a path, following links; null if absent.</summary>
    public static FileStatus? FindStatus(string path) => Stat(AT_FDCWD, path, 0, path);

    /// <summary>
    /// Looks at a path with the server's own eyes, whatever is known of it here (AT_STATX_FORCE_SYNC, Linux 4.11):
    /// <see cref="Errno.None"/>, or what is wrong. Waits as long as the server does not answer.
    /// </summary>
    public static Errno Look(string path)
    {
        statx buffer;
        return LibC.File.Statx(AT_FDCWD, path, LibC.File.AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, &buffer) == 0
            ? Errno.None
            : (Errno)Marshal.GetLastPInvokeError();
    }

    /// <summary>The owner's user id, and the permission bits of the mode.</summary>
    public (uint User, uint Mode) Ownership()
    {
        statx buffer;
        return LibC.File.Statx(Number, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &buffer) < 0
            ? throw ErrnoException.Last("statx", path)
            : (buffer.stx_uid, buffer.stx_mode & 0xfffu);
    }

    internal static FileStatus? Stat(int directory, string path, int flags, string subject)
    {
        statx buffer;
        if (LibC.File.Statx(directory, path, flags, STATX_BASIC_STATS, &buffer) < 0)
        {
            var errno = (Errno)Marshal.GetLastPInvokeError();
            return IsAbsent(errno) ? null : throw new ErrnoException("statx", subject, errno);
        }

        var type = buffer.stx_mode & S_IFMT;
        return new FileStatus(
            (ulong)buffer.stx_dev_major << 32 | buffer.stx_dev_minor,
            buffer.stx_ino,
            (long)buffer.stx_size,
            (Int128)buffer.stx_mtime.tv_sec * 1_000_000_000 + buffer.stx_mtime.tv_nsec,
            type == S_IFREG,
            type == S_IFDIR
        )
        {
            IsLink = type == S_IFLNK,
            Type = (FileType)(ushort)type,
            Mode = buffer.stx_mode & 0xfffu,
            User = buffer.stx_uid,
            Group = buffer.stx_gid,
            Protection =
                (buffer.stx_attributes & LibC.File.STATX_ATTR_IMMUTABLE) != 0 ? 'i'
                : (buffer.stx_attributes & LibC.File.STATX_ATTR_APPEND) != 0 ? 'a'
                : null,
            ChangedNanoseconds = (Int128)buffer.stx_ctime.tv_sec * 1_000_000_000 + buffer.stx_ctime.tv_nsec,
        };
    }

    /// <summary>True if it is a terminal, isatty(3).</summary>
    public bool IsTerminal => isatty(Number) == 1;

    /// <summary>The type of the filesystem the file is on, as in statfs(2).</summary>
    public long FilesystemType()
    {
        LibC.File.StatFs buffer;
        return LibC.File.FStatFs(Number, &buffer) < 0 ? throw ErrnoException.Last("fstatfs", path) : buffer.Type;
    }

    /// <summary>Sets the owner; null leaves a part of it. Works on a place (O_PATH) too.</summary>
    public void SetOwner(uint? user, uint? group)
    {
        const uint Unchanged = uint.MaxValue;
        if (LibC.File.FChOwnAt(Number, "", user ?? Unchanged, group ?? Unchanged, AT_EMPTY_PATH) < 0)
            throw ErrnoException.Last("chown", path);
    }

    /// <summary>Sets the mode of a file.</summary>
    public void SetMode(uint mode)
    {
        if (fchmod(Number, (ushort)mode) < 0)
            throw ErrnoException.Last("chmod", path);
    }

    /// <summary>
    /// Sets the mode of a directory, which may be open as a place (O_PATH): that itself cannot be changed, what it names can.
    /// </summary>
    public void SetDirectoryMode(uint mode)
    {
        using var opened = Open(this, ".", O_RDONLY | O_DIRECTORY, 0);
        if (fchmod(opened.Number, (ushort)mode) < 0)
            throw ErrnoException.Last("chmod", path);
    }

    /// <summary>Opens the directory that is a place (O_PATH) for its names and its ioctls.</summary>
    public FileDescriptor Reopen() => Open(this, ".", O_RDONLY | O_DIRECTORY, 0);

    /// <summary>Opens the directory once more as a place (O_PATH), so that each of the two is closed by itself.</summary>
    public FileDescriptor ReopenPlace() => Open(this, ".", O_PATH | O_DIRECTORY, 0);

    /// <summary>Makes the file that long; what is added reads as zeros and takes no space until it is written.</summary>
    public void SetLength(long bytes)
    {
        if (ftruncate(Number, bytes) < 0)
            throw ErrnoException.Last("ftruncate", path);
    }

    /// <summary>Takes the space of a file's first bytes from the filesystem now, and makes it that long at least.</summary>
    /// <exception cref="ErrnoException">EOPNOTSUPP: the filesystem cannot. ENOSPC: it has not got that much.</exception>
    public void Allocate(long bytes)
    {
        while (fallocate(Number, 0, 0, bytes) < 0)
        {
            var failure = ErrnoException.Last("fallocate", path);
            if (failure.Errno != Errno.EINTR)
                throw failure;
        }
    }

    /// <summary>Waits until what was written is on the disk.</summary>
    public void Sync()
    {
        if (fsync(Number) < 0)
            throw ErrnoException.Last("fsync", path);
    }

    /// <summary>The space of the file's filesystem. A remote filesystem asks its server.</summary>
    public FilesystemSpace Space()
    {
        LibC.File.StatFs buffer;
        if (LibC.File.FStatFs(Number, &buffer) < 0)
            throw ErrnoException.Last("fstatfs", path);
        var size = buffer.BlockSize;
        return new FilesystemSpace(
            size,
            (long)buffer.Blocks * size,
            (long)buffer.BlocksAvailable * size,
            (long)(buffer.Blocks - buffer.BlocksFree) * size,
            (long)buffer.Files,
            (long)buffer.FilesFree
        );
    }

    // The number without its owner: the caller closes it.
    internal int Detach()
    {
        var number = Number;
        SetHandleAsInvalid();
        Dispose();
        return number;
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => close((int)handle) == 0;
}
