using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Dhcp.Daemon;

/// <summary>
/// Paths of the host as this process sees them, whose root is a directory (<c>-hostprefix</c>). A link on the way, as <c>/var/run</c>,
/// leads where it leads on the host, not to this process's own <c>/run</c>.
/// </summary>
/// <param name="prefix">The directory, without a slash at the end; empty: the paths are this process's own.</param>
internal sealed class HostPaths(string prefix)
{
    private const string OwnDescriptors = "/proc/self/fd";

    /// <summary>The path of a file or a socket, which need not exist.</summary>
    public string Find(string path)
    {
        if (prefix.Length == 0)
            return path;
        try
        {
            using var root = RootedDirectory.Open(prefix);
            for (var parent = Path.GetDirectoryName(path); parent is { Length: > 1 }; parent = Path.GetDirectoryName(parent))
            {
                using var directory = root.TryOpen(parent, out _);
                if (directory is not null && FindPath(directory) is { } found)
                    return found + path[parent.Length..];
            }
        }
        catch (ErrnoException)
        {
            // Opening the path says what it lacks.
        }

        return prefix + path;
    }

    private static string? FindPath(FileDirectory directory)
    {
        using var descriptor = directory.Reopen();
        using var own = FileDirectory.Find(OwnDescriptors);
        var link = own?.FindLinkTarget(Path.GetFileName(descriptor.SelfPath));
        return link is not null && link.StartsWith('/') ? link : null;
    }
}
