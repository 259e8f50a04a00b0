namespace Plugboard.Linux.Files;

/// <summary>How full a filesystem is. Source: statfs(2).</summary>
/// <param name="BlockSize">Bytes of a block.</param>
/// <param name="Bytes">Its size in bytes.</param>
/// <param name="BytesAvailable">Bytes that an unprivileged process may still use.</param>
/// <param name="BytesUsed">Bytes in use.</param>
/// <param name="Inodes">The number of files it can have; 0 if it does not report it.</param>
/// <param name="InodesFree">The number of files that can still be created.</param>
public sealed record FilesystemSpace(long BlockSize, long Bytes, long BytesAvailable, long BytesUsed, long Inodes, long InodesFree);
