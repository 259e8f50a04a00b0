namespace Plugboard.Linux.Mounts;

/// <summary>How a file becomes a block device.</summary>
public sealed record LoopOptions
{
    /// <summary>Nothing can be written to the device.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>The file is read and written past the page cache (O_DIRECT), which the file's filesystem must know.</summary>
    public bool DirectIO { get; init; }
}
