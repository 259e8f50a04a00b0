using Plugboard.Addresses;

namespace Plugboard.ClusterFiles;

/// <summary>A subnet.env that says something else than flannel's daemon does.</summary>
/// <param name="path">The file.</param>
/// <param name="line">The line, from 1; 0 where it is about the whole file.</param>
/// <param name="why">What is wrong.</param>
public sealed class SubnetFileException(string path, int line, string why)
    : Exception(Excerpt.OfMessage(line == 0 ? $"{path} {why}" : $"{path} line {line}: {why}"))
{
    /// <summary>The file.</summary>
    public string Path { get; } = path;

    /// <summary>The line, from 1; 0 where it is about the whole file.</summary>
    public int Line { get; } = line;
}
