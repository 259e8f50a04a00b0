using Plugboard.Addresses;

namespace Plugboard.ClusterFiles;

/// <summary>A conflist, or the template of one, that no runtime could use.</summary>
/// <param name="path">The file.</param>
/// <param name="why">What is wrong.</param>
public sealed class ConflistException(string path, string why) : Exception(Excerpt.OfMessage($"{path}: {why}"))
{
    /// <summary>The file.</summary>
    public string Path { get; } = path;

    /// <summary>What is wrong.</summary>
    public string Why { get; } = Excerpt.OfMessage(why);
}
