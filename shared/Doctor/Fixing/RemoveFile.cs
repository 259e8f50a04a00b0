using Plugboard.Linux.Files;

namespace Plugboard.Doctor.Fixing;

/// <summary>Removes an unused file. Until the end it has another name beside it.</summary>
/// <param name="path">The file, as this process sees it.</param>
/// <param name="shown">The file, as the node sees it.</param>
internal sealed class RemoveFile(string path, string shown) : Fix($"remove {shown}")
{
    private readonly string parent = Path.GetDirectoryName(path)!;
    private readonly string name = Path.GetFileName(path);
    private readonly string aside = ".doctor-" + Path.GetFileName(path);

    /// <inheritdoc/>
    public override bool Apply()
    {
        using var directory = FileDirectory.Find(parent);
        return directory?.TryRename(name, aside) == true;
    }

    /// <inheritdoc/>
    public override void Undo()
    {
        using var directory = FileDirectory.Find(parent);
        directory?.TryRename(aside, name);
    }

    /// <inheritdoc/>
    public override void Finish()
    {
        using var directory = FileDirectory.Find(parent);
        directory?.Remove(aside);
    }
}
