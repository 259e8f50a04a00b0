using Plugboard.Linux;
using Plugboard.Linux.Files;
using Plugboard.Volumes.Options;

namespace Plugboard.Volumes;

/// <summary>A path of a volume's option, as the allowed root it is in and the rest.</summary>
/// <param name="Root">The root: absolute.</param>
/// <param name="Inside">The path below it, without <c>.</c> and <c>..</c>; empty: the root itself.</param>
internal readonly record struct AllowedRoot(string Root, string Inside)
{
    private const uint RootMode = 0x1c9;

    /// <summary>
    /// Finds the root that a path is in: a relative one is in the first, or in the one that is named. Pure: links are refused when it is
    /// opened.
    /// </summary>
    /// <exception cref="VolumeException">It is in none, or climbs out.</exception>
    public static AllowedRoot Find(string backend, string path, VolumePolicy policy, string? named = null)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
            throw new VolumeException($"{backend}: a path contains a NUL");
        if (!path.StartsWith('/'))
            return new AllowedRoot(named ?? policy.Roots[0], Plain(backend, path, named ?? policy.Roots[0]));
        foreach (var root in policy.Roots)
        {
            if (path == root || path.StartsWith(root.TrimEnd('/') + "/", StringComparison.Ordinal))
                return new AllowedRoot(root, Plain(backend, path[root.TrimEnd('/').Length..], root, path));
        }

        throw Leaves(backend, path, string.Join(" and ", policy.Roots));
    }

    /// <summary>
    /// Why a pod may not have this path: null, or the refusal. Any author of pods in a namespace chooses the path, so each namespace has
    /// the directory of its own name below each root and nothing else, unless the administrator shares the roots.
    /// </summary>
    /// <exception cref="MissingNamespaceException">The caller did not give the pod's namespace.</exception>
    public VolumeException? FindTrespass(string backend, VolumePod pod, VolumePolicy policy)
    {
        if (policy.IsShared)
            return null;
        var space = pod.Namespace;
        if (space.Length == 0)
            throw new MissingNamespaceException(backend);
        if (space is "." or ".." || space.Contains('/', StringComparison.Ordinal))
            throw new VolumeException($"{backend}: \"{ShortText.Of(space)}\" is not the name of a namespace");
        if (NamespaceBorder.IsOf(Inside, space))
            return null;
        var own = $"{Root.TrimEnd('/')}/{space}";
        var what =
            Inside.Length == 0
                ? $"{Root} contains the directories of all namespaces"
                : $"{ShortText.Of(ToString())} is not in {own}, the directory of the pod's namespace";
        return new VolumeException(
            $"{backend}: {what}; "
                + $"use a path below {own}, or let the node config share the roots with all namespaces (\"shared\": true)"
        );
    }

    private static VolumeException Leaves(string backend, string path, string roots) =>
        new($"{backend}: path \"{ShortText.Of(path)}\" leaves the allowed root {roots} (node config)");

    private static string Plain(string backend, string inside, string root, string? whole = null)
    {
        var names = new List<string>();
        foreach (var name in inside.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (name == ".")
                continue;
            if (name == ".." && names.Count == 0)
                throw Leaves(backend, whole ?? inside, root);
            // Climbing inside is what a shell would make of it; a link in place of the name before could make something else of it.
            if (name == "..")
                names.RemoveAt(names.Count - 1);
            else
                names.Add(name);
        }

        return string.Join('/', names);
    }

    /// <summary>Opens the root; a default root is made where it is missing.</summary>
    public ConfinedDirectory Open(string backend, VolumePolicy policy)
    {
        try
        {
            if (policy.MakeRoot)
                FileDirectory.Ensure(Root, RootMode).Dispose();
            return ConfinedDirectory.Open(Root);
        }
        catch (ErrnoException e)
        {
            throw VolumeException.From(
                $"{backend}: cannot open the allowed root {Root}",
                e,
                e.Errno == Errno.ENOENT ? "create it on the node" : ""
            );
        }
    }

    /// <summary>Why a path inside could not be opened, for people.</summary>
    public VolumeException Refused(string backend, ErrnoException cause) =>
        cause.Errno switch
        {
            Errno.ELOOP => new VolumeException(
                $"{backend}: \"{ShortText.Of(Inside)}\" has a symbolic link, " + $"which is not followed below {Root} ({cause.Subject})",
                cause
            ),
            Errno.EXDEV => new VolumeException(
                $"{backend}: path \"{ShortText.Of(Inside)}\" leaves the allowed root {Root} (node config)",
                cause
            ),
            Errno.ENOTDIR => new VolumeException(
                $"{backend}: in \"{ShortText.Of(Inside)}\" below {Root} a name is not a directory, or is a symbolic link, "
                    + $"which is not followed ({cause.Subject})",
                cause
            ),
            _ => VolumeException.From($"{backend}: cannot open \"{ShortText.Of(Inside)}\" below {Root}", cause, AdviceOn(cause.Errno)),
        };

    private string AdviceOn(Errno errno) =>
        errno switch
        {
            Errno.EROFS => $"the filesystem of {this} is mounted read-only: mount it writable; what exists already can be mounted with "
                + "readOnly: \"true\"",
            Errno.EPERM when FindProtection() is { } attribute =>
                $"it is {(attribute == 'i' ? "immutable" : "append-only")}: set option readOnly: \"true\", or `chattr -{attribute} {this}`",
            Errno.ENOSPC or Errno.EDQUOT => SpaceShortage.Remedy(errno, ToString()),
            _ => "",
        };

    private char? FindProtection()
    {
        try
        {
            return FileDescriptor.FindStatus(ToString())?.Protection;
        }
        catch (ErrnoException)
        {
            return null;
        }
    }

    /// <summary>The whole path, for people.</summary>
    public override string ToString() => Inside.Length == 0 ? Root : $"{Root.TrimEnd('/')}/{Inside}";
}
