using Plugboard.Install;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.ClusterFiles;

/// <summary>
/// Whether plugins are there and can serve: found as a runtime finds them, executables of this machine, whole, and of the network's version
/// by their own word. A plugin that has answered is called again only after its file changed.
/// </summary>
/// <param name="directories">Where a runtime looks for plugins, in its order.</param>
internal sealed class PluginInspector(IReadOnlyList<string> directories)
{
    private readonly Dictionary<string, (FileStatus File, PluginAnswer Answer)> good = [];

    /// <summary>What is wrong with the plugin; null: nothing.</summary>
    public MissingPlugin? FindFault(string type, string cniVersion)
    {
        if (FindPath(type) is not { } path)
            return new MissingPlugin(type, string.Join(':', directories), "it is in none of these directories");
        try
        {
            return FindFault(type, path, cniVersion);
        }
        catch (ErrnoException e)
        {
            return new MissingPlugin(
                type,
                path,
                e.Errno == Errno.EACCES ? "it is not executable, or its filesystem is mounted noexec" : e.Message
            );
        }
    }

    // libcni's rule: the first regular file of that name.
    private string? FindPath(string type)
    {
        foreach (var directory in directories)
        {
            var path = $"{directory}/{type}";
            if (IsRegular(path))
                return path;
        }

        return null;
    }

    private static bool IsRegular(string path)
    {
        try
        {
            return FileDescriptor.FindStatus(path) is { IsRegular: true };
        }
        catch (ErrnoException)
        {
            return false;
        }
    }

    private MissingPlugin? FindFault(string type, string path, string cniVersion)
    {
        var (versions, fault) = AskOnce(path, cniVersion);
        if (fault is null && !versions.Contains(cniVersion))
            fault = $"it speaks CNI {string.Join(", ", versions)}, the conflist is {cniVersion}";
        return fault is null ? null : new MissingPlugin(type, path, fault);
    }

    private PluginAnswer AskOnce(string path, string cniVersion)
    {
        FileStatus status;
        using (var file = FileDescriptor.OpenForReading(path))
        {
            status = file.Status();
            if (good.TryGetValue(path, out var known) && known.File == status)
                return known.Answer;
            if (Verification.FindProblemOfFile(file) is { } broken)
                return new PluginAnswer([], broken);
        }

        var answer = Verification.AskPlugin(path, cniVersion);
        if (answer.Problem is null)
            good[path] = (status, answer);
        return answer;
    }
}

/// <summary>A plugin of a conflist that cannot be used.</summary>
/// <param name="Type">Its name in the conflist.</param>
/// <param name="Path">Its executable; if absent, the directories that were searched.</param>
/// <param name="Why">The fault.</param>
public sealed record MissingPlugin(string Type, string Path, string Why)
{
    /// <summary>A sentence for an event or a condition.</summary>
    public override string ToString() => $"CNI plugin {Type} ({Path}): {Why}";
}
