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
