namespace Plugboard.Linux.Files;

/// <summary>What statx(2) tells of a file, as far as the product asks.</summary>
/// <param name="Device">The device it is on: major in the high, minor in the low 32 bits.</param>
/// <param name="Inode">Its inode number, unique on the device.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ModifiedNanoseconds">Last modification, in nanoseconds since 1970.</param>
/// <param name="IsRegular">A regular file.</param>
/// <param name="IsDirectory">A directory.</param>
public readonly record struct FileStatus(
    ulong Device, ulong Inode, long Size, Int128 ModifiedNanoseconds, bool IsRegular, bool IsDirectory)
{
    /// <summary>True where both name one and the same file.</summary>
    public bool IsSameFile(FileStatus other) => Device == other.Device && Inode == other.Inode;
}
