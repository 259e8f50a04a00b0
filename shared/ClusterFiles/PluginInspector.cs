using Plugboard.Install;
using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Linux.Mounts;

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
            return FindDangling(type) is { } link
                ? new MissingPlugin(type, link, "it is a symbolic link that leads to no file", PluginFault.Missing)
                : new MissingPlugin(type, string.Join(':', directories), "it is in none of these directories", PluginFault.Missing);
        try
        {
            return FindFault(type, path, cniVersion);
        }
        catch (ErrnoException e)
        {
            return e.Errno == Errno.EACCES ? Refused(type, path) : new MissingPlugin(type, path, e.Message, PluginFault.Broken);
        }
    }

    // The kernel gives one error for three causes.
    private static MissingPlugin Refused(string type, string path)
    {
        const uint AnyExecute = 0b001_001_001;
        if (FileDescriptor.FindStatus(path) is { } file && (file.Mode & AnyExecute) == 0)
            return new MissingPlugin(type, path, "it is not executable", PluginFault.NotExecutable);
        var mount = MountTable.Read().FindHolding(path);
        return mount?.Attributes.HasFlag(MountAttributes.NoExec) == true
            ? new MissingPlugin(type, path, "its filesystem is mounted noexec", PluginFault.NoExec) { Mount = mount.Target }
            : new MissingPlugin(type, path, "the kernel refuses to execute it: a security module forbids it", PluginFault.Refused);
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

    private string? FindDangling(string type)
    {
        foreach (var directory in directories)
        {
            using var found = FindDirectory(directory);
            if (found?.FindStatus(type) is { IsLink: true })
                return $"{directory}/{type}";
        }

        return null;
    }

    private static FileDirectory? FindDirectory(string path)
    {
        try
        {
            return FileDirectory.Find(path);
        }
        catch (ErrnoException)
        {
            return null;
        }
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
        if (fault is not null)
            return new MissingPlugin(type, path, fault, PluginFault.Broken);
        return versions.Contains(cniVersion)
            ? null
            : new MissingPlugin(
                type,
                path,
                $"it speaks CNI {string.Join(", ", versions)}, the conflist is {cniVersion}",
                PluginFault.OtherVersion
            );
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
/// <param name="Fault">Its kind.</param>
public sealed record MissingPlugin(string Type, string Path, string Why, PluginFault Fault)
{
    /// <summary>The mount point that the fault is of; empty for other faults than <see cref="PluginFault.NoExec"/>.</summary>
    public string Mount { get; init; } = "";

    /// <summary>A sentence for an event or a condition.</summary>
    public override string ToString() => $"CNI plugin {Type} ({Path}): {Why}";
}

/// <summary>Why a plugin cannot be used.</summary>
public enum PluginFault
{
    /// <summary>It is in none of the directories.</summary>
    Missing,

    /// <summary>It has no permission to be executed.</summary>
    NotExecutable,

    /// <summary>Its filesystem allows no execution.</summary>
    NoExec,

    /// <summary>The kernel refuses its execution for another reason.</summary>
    Refused,

    /// <summary>It is unfinished, for another processor, or does not answer VERSION.</summary>
    Broken,

    /// <summary>It does not speak the conflist's version.</summary>
    OtherVersion,
}
