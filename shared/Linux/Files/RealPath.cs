namespace Plugboard.Linux.Files;

/// <summary>
/// Paths as mountinfo has them: a mount point is listed by the path that the links on the way lead to, not by the path that the mount was
/// made with.
/// </summary>
public static class RealPath
{
    /// <summary>
    /// A path with the links above its last name followed. The last name is not looked at: a dead server may be mounted there.
    /// </summary>
    /// <param name="path">The path; one that is not absolute, or has <c>..</c> in it, is returned as it is.</param>
    public static string OfParent(string path)
    {
        var end = path.TrimEnd('/').LastIndexOf('/');
        return end <= 0 || IsWinding(path) ? path : Of(path[..end]) + path[end..];
    }

    /// <summary>A path with all links in it followed. Names at its end that do not exist are kept.</summary>
    /// <param name="path">The path; one that is not absolute, or has <c>..</c> in it, is returned as it is.</param>
    /// <param name="root">The directory that links lead from, in front of the path.</param>
    public static string Of(string path, string root = "/")
    {
        if (IsWinding(path))
            return path;
        try
        {
            using var tree = RootedDirectory.Open(root);
            var inside = path[root.TrimEnd('/').Length..];
            for (var there = inside; there.Length > 1; there = there[..there.LastIndexOf('/')])
            {
                if (tree.FindRealPath(there) is { } found)
                    return found.TrimEnd('/') + inside[there.Length..];
            }
        }
        catch (ErrnoException)
        {
            // The next call that uses the path fails in the same way, and says what it was for.
        }

        return path;
    }

    private static bool IsWinding(string path) =>
        !path.StartsWith('/') || path.Contains("/../", StringComparison.Ordinal) || path.EndsWith("/..", StringComparison.Ordinal);
}
