namespace Plugboard.Linux.Mounts;

/// <summary>One parameter of a filesystem, as fsconfig(2) takes it: <c>size=8k</c>, or a bare word.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Value">Its value; null for a bare word. It may be a password, so it is part of no text.</param>
public readonly record struct MountParameter(string Key, string? Value)
{
    /// <summary>The name alone.</summary>
    public override string ToString() => Key;
}
