using Plugboard.Addresses;

namespace Plugboard.ClusterFiles;

/// <summary>A conflist, or the template of one, that no runtime could use.</summary>
/// <param name="path">The file.</param>
/// <param name="why">What is wrong.</param>
/// <param name="cause">What the kernel said.</param>
public sealed class ConflistException(string path, string why, Exception? cause = null)
    : Exception(Excerpt.OfMessage($"{path}: {why}"), cause)
{
    /// <summary>The file.</summary>
    public string Path { get; } = path;

    /// <summary>What is wrong.</summary>
    public string Why { get; } = Excerpt.OfMessage(why);
}
