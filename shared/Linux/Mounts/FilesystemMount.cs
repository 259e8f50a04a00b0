namespace Plugboard.Linux.Mounts;

/// <summary>A filesystem to mount.</summary>
/// <param name="Type">Its type as in /proc/filesystems, such as <c>tmpfs</c>.</param>
public sealed record FilesystemMount(string Type)
{
    /// <summary>What is mounted: a block device, <c>server:/path</c>; for tmpfs a name that /proc/self/mountinfo shows.</summary>
    public string Source { get; init; } = "none";

    /// <summary>The parameters of the filesystem itself, in their order.</summary>
    public IReadOnlyList<MountParameter> Parameters { get; init; } = [];

    /// <summary>What holds for the mount. <see cref="MountAttributes.ReadOnly"/> makes the filesystem read-only too.</summary>
    public MountAttributes Attributes { get; init; }
}

/// <summary>One parameter of a filesystem, as fsconfig(2) takes it: <c>size=8k</c>, or a bare word.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Value">Its value; null for a bare word. It may be a password, so it is part of no text.</param>
public readonly record struct MountParameter(string Key, string? Value)
{
    /// <summary>The name alone.</summary>
    public override string ToString() => Key;
}
