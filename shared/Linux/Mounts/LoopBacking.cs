namespace Plugboard.Linux.Mounts;

/// <summary>A loop device and its file.</summary>
/// <param name="Device">The device's path.</param>
/// <param name="File">The file's path as the kernel knows it now, with <c> (deleted)</c> behind it where it has no name any more.</param>
public sealed record LoopBacking(string Device, string File);
