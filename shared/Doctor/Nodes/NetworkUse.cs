using Plugboard.ClusterFiles;

namespace Plugboard.Doctor.Nodes;

/// <summary>A network config that a runtime uses.</summary>
/// <param name="File">The file; it is readable.</param>
/// <param name="BinDirectories">Where that runtime looks for plugins, as the node sees it, in its order.</param>
/// <param name="Described">The directories and what says so, for people.</param>
internal sealed record NetworkUse(NetworkFile File, IReadOnlyList<string> BinDirectories, string Described)
{
    /// <summary>The config.</summary>
    public Conflist List => File.List!;
}
