namespace Plugboard.Linux.Files;

/// <summary>The fields of statx(2) that the product uses.</summary>
/// <param name="Device">The device it is on: major in the high, minor in the low 32 bits.</param>
/// <param name="Inode">Its inode number, unique on the device.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ModifiedNanoseconds">Last modification, in nanoseconds since 1970.</param>
/// <param name="IsRegular">A regular file.</param>
/// <param name="IsDirectory">A directory.</param>
public readonly record struct FileStatus(ulong Device, ulong Inode, long Size, Int128 ModifiedNanoseconds, bool IsRegular, bool IsDirectory)
{
    /// <summary>What kind of file it is.</summary>
    public FileType Type { get; init; }

    /// <summary>A symbolic link.</summary>
    public bool IsLink { get; init; }

    /// <summary>The permission bits of the mode.</summary>
    public uint Mode { get; init; }

    /// <summary>The owner's user id.</summary>
    public uint User { get; init; }

    /// <summary>The owner's group id.</summary>
    public uint Group { get; init; }

    /// <summary>Last change of content, mode, owner or names, in nanoseconds since 1970. No call sets it.</summary>
    public Int128 ChangedNanoseconds { get; init; }

    /// <summary>
    /// It has an attribute that keeps root too from replacing, renaming or removing it; for a directory, what is in it: <c>i</c>
    /// (immutable) or <c>a</c> (append only) of chattr(1), or null if it has neither. Linux 4.11; tmpfs from 6.0 on.
    /// </summary>
    public char? Protection { get; init; }

    /// <summary>True if both name one and the same file.</summary>
    public bool IsSameFile(FileStatus other) => Device == other.Device && Inode == other.Inode;
}

/// <summary>The kinds of files. The values are the S_IFMT bits of the mode. Source: inode(7).</summary>
public enum FileType : ushort
{
#pragma warning disable CS1591 // The names say all there is.
    Unknown = 0,
    NamedPipe = 0x1000,
    CharacterDevice = 0x2000,
    Directory = 0x4000,
    BlockDevice = 0x6000,
    Regular = 0x8000,
    Link = 0xa000,
    Socket = 0xc000,
#pragma warning restore CS1591
}
