using Plugboard.Addresses;

namespace Plugboard.Linux.Namespaces;

/// <summary>A path that names no usable network namespace.</summary>
/// <param name="path">The path.</param>
/// <param name="reason">Why not, in the reference's words.</param>
public sealed class NetworkNamespaceException(string path, string reason)
    : Exception(Excerpt.OfMessage($"failed to open netns \"{path}\": {reason}"))
{
    /// <summary>The path.</summary>
    public string Path { get; } = path;

    /// <summary>Why not, in the reference's words.</summary>
    public string Reason { get; } = reason;
}
