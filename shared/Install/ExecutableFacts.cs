namespace Plugboard.Install;

/// <summary>The record of an executable that was installed or found.</summary>
/// <param name="Digest">SHA-256 in hexadecimal digits; of a symbolic link <c>link:</c> and its target.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Since">When it was installed, in ISO 8601; of a found one, when it was last written.</param>
/// <param name="By">The action that installed it: <c>install</c>, <c>repair</c>, <c>rollback</c>, <c>restore</c>; <c>found</c> if another
/// program did.</param>
public sealed record ExecutableFacts(string Digest, long Size, string Since, string By)
{
    /// <summary>The version that it reports; null if unknown.</summary>
    public string? Version { get; init; }

    /// <summary>The linker's build id in hexadecimal digits; null if it has none.</summary>
    public string? BuildId { get; init; }
}
