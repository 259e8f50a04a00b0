namespace Plugboard.Install;

/// <summary>What is remembered of an executable that was placed or found.</summary>
/// <param name="Digest">SHA-256 in hexadecimal digits; of a symbolic link <c>link:</c> and what it says.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Since">When it was placed, as in ISO 8601; of one that was found, when it was last written.</param>
/// <param name="By">What placed it: <c>install</c>, <c>repair</c>, <c>rollback</c>, <c>restore</c>; <c>found</c> where nothing of ours
/// did.</param>
public sealed record ExecutableFacts(string Digest, long Size, string Since, string By)
{
    /// <summary>The version that it tells; null where it was not asked.</summary>
    public string? Version { get; init; }

    /// <summary>The linker's build id in hexadecimal digits; null where it has none.</summary>
    public string? BuildId { get; init; }
}
