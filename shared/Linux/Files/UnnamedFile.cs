using System.Globalization;
using System.Runtime.InteropServices;

namespace Plugboard.Linux.Files;

/// <summary>
/// A file that is written whole before it has a name: O_TMPFILE (open(2), Linux 3.11), then linkat(2), which fails where the name is taken,
/// as O_EXCL does. Where the filesystem knows no O_TMPFILE (overlayfs before 6.1, NFS, FUSE) it is a file named <see cref="TemporaryName"/>
/// that gets a second name and loses the first; the caller's lock keeps two writers apart.
/// </summary>
public sealed unsafe class UnnamedFile : IDisposable
{
    /// <summary>The name where O_TMPFILE is unknown; one that a killed process left is overwritten by the next.</summary>
    public const string TemporaryName = ".new";

    private readonly FileDirectory directory;
    private readonly FileDescriptor file;
    private readonly string? name;

    private UnnamedFile(FileDirectory directory, FileDescriptor file, string? name)
    {
        this.directory = directory;
        this.file = file;
        this.name = name;
    }

    /// <summary>The file, open for writing.</summary>
    public FileDescriptor File => file;

    internal static UnnamedFile Create(FileDirectory directory, ReadOnlySpan<byte> content, uint mode, string temporaryName = TemporaryName)
    {
        var unnamed = Open(directory, mode, temporaryName);
        try
        {
            unnamed.file.Write(content);
            return unnamed;
        }
        catch (ErrnoException)
        {
            unnamed.Dispose();
            throw;
        }
    }

    private static UnnamedFile Open(FileDirectory directory, uint mode, string temporaryName)
    {
        if (FileDescriptor.TryOpen(directory.Descriptor, ".", O_TMPFILE | O_WRONLY, mode, out var errno) is { } opened)
            return new UnnamedFile(directory, opened, name: null);
        if (!IsUnknown(errno))
            throw new ErrnoException("open", directory.Path, errno);
        return OpenNamed(directory, mode, temporaryName);
    }

    internal static UnnamedFile OpenNamed(FileDirectory directory, uint mode, string temporaryName = TemporaryName)
    {
        var flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
        directory.Remove(temporaryName);
        return new UnnamedFile(directory, FileDescriptor.Open(directory.Descriptor, temporaryName, flags, mode), temporaryName);
    }

    // The kernel before 3.11 sees only O_DIRECTORY|O_WRONLY: EISDIR. A filesystem without it: EOPNOTSUPP, some ENOENT or EINVAL.
    private static bool IsUnknown(Errno errno) => errno is Errno.EOPNOTSUPP or Errno.EISDIR or Errno.EINVAL or Errno.ENOENT;

    /// <summary>
    /// True if a file could be created and written; false if only creating one with a name would show it; otherwise it throws what the
    /// creation would.
    /// </summary>
    internal static bool TryProbe(FileDirectory directory)
    {
        using var probe = FileDescriptor.TryOpen(directory.Descriptor, ".", O_TMPFILE | O_WRONLY, 0x180, out var errno);
        if (probe is null)
            return IsUnknown(errno) ? false : throw new ErrnoException("open", directory.Path, errno);
        probe.Write("\n"u8);
        return true;
    }

    /// <summary>Gives the file its name; false if the name is taken.</summary>
    public bool TryLink(string newName)
    {
        var to = directory.Descriptor.Number;
        if (
            (name is not null ? LibC.File.LinkAt(to, name, to, newName, 0) : LibC.File.LinkAt(file.Number, "", to, newName, AT_EMPTY_PATH))
            == 0
        )
            return true;
        var errno = (Errno)Marshal.GetLastPInvokeError();
        if (name is null && errno is Errno.ENOENT or Errno.EPERM)
            errno = LinkByProc(newName);
        return errno switch
        {
            Errno.None => true,
            Errno.EEXIST => false,
            _ => throw new ErrnoException("link", directory.FullPath(newName), errno),
        };
    }

    /// <summary>Gives the file its name, in place of the file that has it: for a moment none has.</summary>
    public void Link(string newName)
    {
        if (TryLink(newName))
            return;
        directory.Remove(newName);
        if (!TryLink(newName))
            throw new ErrnoException("link", directory.FullPath(newName), Errno.EEXIST);
    }

    // AT_EMPTY_PATH wants CAP_DAC_READ_SEARCH (until Linux 6.10); the way by /proc wants nothing but /proc.
    private Errno LinkByProc(string newName)
    {
        var from = "/proc/self/fd/" + file.Number.ToString(CultureInfo.InvariantCulture);
        return LibC.File.LinkAt(AT_FDCWD, from, directory.Descriptor.Number, newName, AT_SYMLINK_FOLLOW) == 0
            ? Errno.None
            : (Errno)Marshal.GetLastPInvokeError();
    }

    /// <summary>Leaves the file open after its link: <see cref="File"/> is the caller's to close.</summary>
    public void Release()
    {
        if (name is not null)
            directory.Remove(name);
    }

    /// <summary>Closes the file; without a link nothing is left of it.</summary>
    public void Dispose()
    {
        if (!file.IsClosed && name is not null)
            directory.Remove(name);
        file.Dispose();
    }
}
