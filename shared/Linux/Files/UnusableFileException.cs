namespace Plugboard.Linux.Files;

/// <summary>A file that must not be read: it is not a regular file, or too large to be what it should be.</summary>
public sealed class UnusableFileException : ErrnoException
{
    private UnusableFileException(string call, string path, Errno errno, string why)
        : base(call, path, errno, $"{call} {path}: {why}: remove it or correct the path") { }

    /// <summary>What is at the path: <c>a named pipe</c>.</summary>
    public string Kind { get; private init; } = "a regular file";

    /// <summary>Something else than a regular file is at a path.</summary>
    internal static UnusableFileException NotRegular(string path, FileType found) =>
        new("open", path, found == FileType.Directory ? Errno.EISDIR : Errno.EINVAL, $"{Describe(found)}, not a regular file")
        {
            Kind = Describe(found),
        };

    /// <summary>A file has more bytes than what it should be can have.</summary>
    internal static UnusableFileException TooLarge(string path, int longest) =>
        new("read", path, Errno.EFBIG, $"larger than {longest >> 10} KiB, which is the limit");

    private static string Describe(FileType type) =>
        type switch
        {
            FileType.NamedPipe => "a named pipe",
            FileType.CharacterDevice => "a character device",
            FileType.Directory => "a directory",
            FileType.BlockDevice => "a block device",
            FileType.Link => "a symbolic link",
            FileType.Socket => "a socket",
            _ => "a file of an unknown kind",
        };
}
