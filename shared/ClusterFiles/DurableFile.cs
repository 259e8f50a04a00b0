using Plugboard.Linux.Files;

namespace Plugboard.ClusterFiles;

/// <summary>
/// A small file with concurrent readers that must survive a power cut: a temporary file beside it, fsync, rename, fsync of the directory.
/// The temporary name begins with a dot and has the name's ending replaced, so that readers of <c>*.conf</c>, <c>*.conflist</c> or
/// <c>*.json</c> ignore it.
/// </summary>
public static class DurableFile
{
    private const uint Mode = 0x1A4; // 0644
    private const uint DirectoryMode = 0x1ED; // 0755

    /// <summary>Writes it where it says something else, or is missing; its directory is made where it is missing.</summary>
    /// <returns>Whether it was written.</returns>
    public static bool Write(string path, ReadOnlySpan<byte> content)
    {
        var (parent, name) = Split(path);
        using var directory = FileDirectory.Ensure(parent, DirectoryMode);
        if (Says(directory, name, content))
            return false;
        directory.Replace(name, content, Mode, TemporaryNameOf(name));
        directory.Sync();
        return true;
    }

    /// <summary>Removes it durably; false if it was missing.</summary>
    public static bool Remove(string path)
    {
        var (parent, name) = Split(path);
        using var directory = FileDirectory.Find(parent);
        if (directory is null)
            return false;
        // One that a killed process left would be the next writer's, but there may be none.
        directory.Remove(TemporaryNameOf(name));
        if (!directory.Remove(name))
            return false;
        directory.Sync();
        return true;
    }

    /// <summary>What the file says; null if it is missing.</summary>
    public static byte[]? Find(string path)
    {
        using var file = FileDescriptor.FindForReading(path);
        return file?.ReadToEnd();
    }

    /// <summary>
    /// What the file says; null if it is missing, or something is there that is no file of ours: a named pipe, a directory, a file that
    /// is too large.
    /// </summary>
    public static byte[]? FindReadable(string path)
    {
        try
        {
            return Find(path);
        }
        catch (UnusableFileException)
        {
            return null;
        }
    }

    /// <summary>The temporary name: <c>.10-net_conflist.new</c>; some readers would take <c>.10-net.conflist</c>.</summary>
    internal static string TemporaryNameOf(string name) => $".{name.Replace('.', '_')}.new";

    private static bool Says(FileDirectory directory, string name, ReadOnlySpan<byte> content)
    {
        var buffer = new byte[content.Length + 1];
        return directory.FindContent(name, buffer) == content.Length && buffer.AsSpan(0, content.Length).SequenceEqual(content);
    }

    private static (string Directory, string Name) Split(string path)
    {
        var slash = path.LastIndexOf('/');
        return slash switch
        {
            < 0 => (".", path),
            0 => ("/", path[1..]),
            _ => (path[..slash], path[(slash + 1)..]),
        };
    }
}
