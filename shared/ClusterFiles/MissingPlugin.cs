namespace Plugboard.ClusterFiles;

/// <summary>A plugin of a conflist that cannot be used.</summary>
/// <param name="Type">Its name in the conflist.</param>
/// <param name="Path">Its executable; if absent, the directories that were searched.</param>
/// <param name="Why">The fault.</param>
public sealed record MissingPlugin(string Type, string Path, string Why)
{
    /// <summary>A sentence for an event or a condition.</summary>
    public override string ToString() => $"CNI plugin {Type} ({Path}): {Why}";
}
