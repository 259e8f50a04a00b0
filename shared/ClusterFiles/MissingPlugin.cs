namespace Plugboard.ClusterFiles;

/// <summary>A plugin that a conflist names and that cannot serve it.</summary>
/// <param name="Type">Its name in the conflist.</param>
/// <param name="Path">Its executable; where there is none, the directories that were searched.</param>
/// <param name="Why">What is wrong with it.</param>
public sealed record MissingPlugin(string Type, string Path, string Why)
{
    /// <summary>A sentence for an event or a condition.</summary>
    public override string ToString() => $"CNI plugin {Type} ({Path}): {Why}";
}
