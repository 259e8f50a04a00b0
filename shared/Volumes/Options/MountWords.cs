using Plugboard.Linux;
using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes.Options;

/// <summary>Mount options as mount(8) takes them, divided by commas: the mount's attributes, and the filesystem's parameters.</summary>
/// <param name="Attributes">The mount's attributes.</param>
/// <param name="Parameters">The filesystem's parameters, in its order.</param>
internal sealed record MountWords(MountAttributes Attributes, IReadOnlyList<MountParameter> Parameters)
{
    // mount(8): what fstab, mount and their helpers read themselves, and defaults that need not be said.
    private static readonly HashSet<string> eaten = new(StringComparer.Ordinal)
    {
        "defaults",
        "_netdev",
        "nofail",
        "auto",
        "noauto",
        "nouser",
        "nousers",
        "noowner",
        "nogroup",
        "intr",
        "nointr",
        "bg",
        "fg",
        "retry",
        "comment",
        "sloppy",
        "uhelper",
        "helper",
        "silent",
        "loud",
        "mand",
        "nomand",
        "iversion",
        "noiversion",
        "relatime",
        "norelatime",
        "nostrictatime",
        "atime",
        "diratime",
        "symfollow",
    };

    private static readonly Dictionary<string, string> impossible = new(StringComparer.Ordinal)
    {
        ["remount"] = "it changes a mount instead of making one",
        ["bind"] = "it mounts a directory of the node",
        ["rbind"] = "it mounts a directory of the node",
        ["move"] = "it moves a mount instead of making one",
        ["loop"] = "it is for images; the driver for them is loop",
    };

    // exports(5).
    private static readonly HashSet<string> exports = new(StringComparer.Ordinal)
    {
        "no_root_squash",
        "root_squash",
        "all_squash",
        "no_all_squash",
        "anonuid",
        "anongid",
        "secure",
        "insecure",
        "subtree_check",
        "no_subtree_check",
        "wdelay",
        "no_wdelay",
        "crossmnt",
        "nohide",
        "fsid",
        "insecure_locks",
        "no_auth_nlm",
    };

    // Options of cifs and vfat that people give to NFS.
    private static readonly HashSet<string> owners = new(StringComparer.Ordinal)
    {
        "uid",
        "gid",
        "umask",
        "fmask",
        "dmask",
        "file_mode",
        "dir_mode",
    };

    /// <summary>
    /// Reads them. Of two contradictory options the later one counts, as in mount(8). Options for mount(8) itself and for fstab are
    /// dropped.
    /// </summary>
    /// <param name="backend">For messages.</param>
    /// <param name="text">The options; null and empty: none.</param>
    /// <param name="allowed">The allowed filesystem parameters.</param>
    /// <param name="policy">What the administrator also allows and forbids.</param>
    /// <exception cref="VolumeException">An option is not allowed.</exception>
    public static MountWords Parse(string backend, string? text, IReadOnlyCollection<string> allowed, VolumePolicy policy)
    {
        var (attributes, parameters) = (MountAttributes.None, new List<MountParameter>());
        var words = Split(text ?? "");
        // mount.nfs(8), mount.cifs(8): what is not known is passed over.
        var isSloppy = words.Exists(static word => word.Key == "sloppy");
        for (var i = 0; i < words.Count; i++)
        {
            var word = words[i];
            if (IsIn(policy.ForbiddenMountOptions, word.Key))
                throw new VolumeException($"{backend}: mount option \"{word.Key}\" is forbidden (node config)");
            // "user" alone is mount(8)'s, with a value it may be the filesystem's.
            var isMounts = word.Value is null && Change(word.Key) is not null;
            if (!isMounts && (allowed.Contains(word.Key) || IsIn(policy.AllowedMountOptions, word.Key)))
                parameters.Add(word);
            else if (!TryApply(word, ref attributes, parameters) && !isSloppy)
                throw i > 0 && words[i - 1].Key is "pass" or "password" or "password2"
                    ? PasswordCut(backend, words[i - 1].Key)
                    : Refused(backend, word.Key, allowed);
        }

        return new MountWords(attributes, parameters);
    }

    /// <summary>The options of the administrator behind those of the volume: of two the later wins.</summary>
    public MountWords With(string forced)
    {
        var (attributes, parameters) = (Attributes, new List<MountParameter>(Parameters));
        foreach (var word in Split(forced))
        {
            if (!TryApply(word, ref attributes, parameters))
                parameters.Add(word);
        }

        return new MountWords(attributes, parameters);
    }

    /// <summary>True if the filesystem has this parameter.</summary>
    public bool Has(string key) => Parameters.Any(parameter => parameter.Key == key);

    // A value in double quotes may hold commas, as an SELinux context does.
    private static List<MountParameter> Split(string text)
    {
        var words = new List<MountParameter>();
        for (var at = 0; at < text.Length; at++)
        {
            var start = at;
            for (var quoted = false; at < text.Length && (quoted || text[at] != ','); at++)
                quoted ^= text[at] == '"';
            var word = text[start..at].Trim();
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            if (word.Length > 0 && equals < 0)
                words.Add(new MountParameter(word, null));
            else if (equals > 0)
                words.Add(new MountParameter(word[..equals].TrimEnd(), Unquote(word[(equals + 1)..].TrimStart())));
        }

        return words;
    }

    private static string Unquote(string value) => value.Length > 1 && value[0] == '"' && value[^1] == '"' ? value[1..^1] : value;

    // False if the word is neither the mount's nor mount(8)'s.
    private static bool TryApply(MountParameter word, ref MountAttributes attributes, List<MountParameter> parameters)
    {
        if (word.Value is null && Change(word.Key) is var (added, removed))
        {
            attributes = (attributes & ~removed) | added;
            return true;
        }

        switch (word.Key)
        {
            case "sync" or "dirsync" or "lazytime" when word.Value is null:
                parameters.Add(word);
                return true;
            case "async" or "nolazytime":
                var opposite = word.Key == "async" ? "sync" : "lazytime";
                parameters.RemoveAll(parameter => parameter.Key == opposite);
                return true;
            default:
                return word.Key == "user" || eaten.Contains(word.Key) || word.Key.StartsWith("x-", StringComparison.OrdinalIgnoreCase);
        }
    }

    // "user" and its like imply others, mount(8). What only the administrator may lift is added again by the backend.
    private static (MountAttributes Added, MountAttributes Removed)? Change(string key) =>
        key switch
        {
            "ro" => (MountAttributes.ReadOnly, 0),
            "rw" => (0, MountAttributes.ReadOnly),
            "nosuid" => (MountAttributes.NoSuid, 0),
            "suid" => (0, MountAttributes.NoSuid),
            "nodev" => (MountAttributes.NoDev, 0),
            "dev" => (0, MountAttributes.NoDev),
            "noexec" => (MountAttributes.NoExec, 0),
            "exec" => (0, MountAttributes.NoExec),
            "noatime" => (MountAttributes.NoAtime, MountAttributes.StrictAtime),
            "strictatime" => (MountAttributes.StrictAtime, MountAttributes.NoAtime),
            "atime" or "relatime" => (0, MountAttributes.NoAtime | MountAttributes.StrictAtime),
            "nostrictatime" => (0, MountAttributes.StrictAtime),
            "nodiratime" => (MountAttributes.NoDirAtime, 0),
            "diratime" => (0, MountAttributes.NoDirAtime),
            "nosymfollow" => (MountAttributes.NoSymFollow, 0),
            "symfollow" => (0, MountAttributes.NoSymFollow),
            "user" or "users" => (MountAttributes.NoExec | MountAttributes.NoSuid | MountAttributes.NoDev, 0),
            "owner" or "group" => (MountAttributes.NoSuid | MountAttributes.NoDev, 0),
            _ => null,
        };

    // What follows may be the password's second half, and pods' events show the message.
    private static VolumeException PasswordCut(string backend, string key) =>
        new(
            $"{backend}: what follows mount option \"{key}\" is not a mount option; a password ends there at its first comma: put it into "
                + "the Secret, or into double quotes"
        );

    private static VolumeException Refused(string backend, string key, IReadOnlyCollection<string> allowed) =>
        FindReason(backend, key) is { } reason
            ? new VolumeException($"{backend}: mount option \"{key}\" is refused: {reason}")
            : new VolumeException(
                $"{backend}: mount option \"{ShortText.Of(key)}\" is not among those that are allowed"
                    + $"{Spelling.Hint(key, allowed.Concat(eaten))}; "
                    + "the node config's allowedMountOptions can allow it"
            );

    // Why no node config could allow it; null: it could.
    private static string? FindReason(string backend, string key)
    {
        if (impossible.TryGetValue(key, out var reason))
            return reason;
        if (key.StartsWith('-'))
            return "write the options alone, without the \"-o\" of a command line";
        if (key.Contains(';', StringComparison.Ordinal) || key.Any(char.IsWhiteSpace))
            return "mount options are divided by commas, not by white space or semicolons";
        if (backend != "nfs")
            return null;
        return exports.Contains(key) ? "it is an option of the server's /etc/exports, not of a mount"
            : owners.Contains(key) ? "with NFS all files have the owner and the mode that they have on the server"
            : null;
    }

    private static bool IsIn(IReadOnlyList<string> names, string key)
    {
        foreach (var name in names)
        {
            if (name == key || (name.EndsWith('*') && key.StartsWith(name.AsSpan(0, name.Length - 1), StringComparison.Ordinal)))
                return true;
        }

        return false;
    }
}
