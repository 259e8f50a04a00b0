using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Runtimes;

/// <summary>
/// The files of a host, below the directory where its root is seen. A symbolic link leads where it leads on that host.
/// </summary>
/// <param name="root">That directory.</param>
internal sealed class HostFiles(string root)
{
    // dpkg's status of a machine with thousands of packages has some MiB.
    private const int LongestList = 32 << 20;
    private const int LongestConfig = 1 << 20;

    private readonly string root = root.TrimEnd('/');

    private string Root => root.Length == 0 ? "/" : root;

    /// <summary>The content of a config; null if absent.</summary>
    /// <exception cref="ErrnoException">It cannot be read, is no regular file, or is larger than 1 MiB.</exception>
    public byte[]? Find(string path) => Find(path, LongestConfig);

    /// <summary>The content of a list that may be long; null if it is absent or cannot be read.</summary>
    public byte[]? FindList(string path)
    {
        try
        {
            return Find(path, LongestList);
        }
        catch (ErrnoException)
        {
            return null;
        }
    }

    private byte[]? Find(string path, int longest)
    {
        using var directory = RootedDirectory.Open(Root);
        using var file = directory.FindForReading(path);
        return file?.ReadToEnd(longest);
    }

    /// <summary>The names in a directory, sorted by their bytes; none if it is absent or cannot be opened.</summary>
    public IReadOnlyList<string> List(string directory)
    {
        try
        {
            using var top = RootedDirectory.Open(Root);
            using var found = top.TryOpen(directory, out _);
            var names = found?.ReadNames() ?? [];
            names.Sort(StringComparer.Ordinal);
            return names;
        }
        catch (ErrnoException)
        {
            return [];
        }
    }

    /// <summary>True if anything has the path.</summary>
    public bool Exists(string path) => FindStatus(path) is not null;

    /// <summary>True if a directory has the path.</summary>
    public bool HasDirectory(string path) => FindStatus(path) is { IsDirectory: true };

    private FileStatus? FindStatus(string path)
    {
        try
        {
            using var directory = RootedDirectory.Open(Root);
            return directory.FindStatus(path);
        }
        catch (ErrnoException)
        {
            return null;
        }
    }

    /// <summary>A message about a file without the root before its path.</summary>
    public string OnHost(string message) => root.Length == 0 ? message : message.Replace(root + "/", "/", StringComparison.Ordinal);
}
