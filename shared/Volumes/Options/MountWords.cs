using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes.Options;

/// <summary>Mount options as mount(8) takes them, divided by commas: what the mount gets, and what the filesystem itself is told.</summary>
/// <param name="Attributes">What holds for the mount.</param>
/// <param name="Parameters">What the filesystem is told, in its order.</param>
internal sealed record MountWords(MountAttributes Attributes, IReadOnlyList<MountParameter> Parameters)
{
    /// <summary>Reads them. Words for mount(8) itself and for fstab are dropped.</summary>
    /// <param name="backend">For messages.</param>
    /// <param name="text">The options; null and empty: none.</param>
    /// <param name="allowed">What the filesystem may be told; a name ending in <c>*</c> stands for all that begin so.</param>
    /// <param name="policy">What the administrator allows and forbids besides.</param>
    /// <exception cref="VolumeException">One is not allowed.</exception>
    public static MountWords Parse(string backend, string? text, IReadOnlyList<string> allowed, VolumePolicy policy)
    {
        var attributes = MountAttributes.None;
        var parameters = new List<MountParameter>();
        foreach (var word in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (IsForMount(word))
                continue;
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            var key = equals < 0 ? word : word[..equals];
            if (IsIn(policy.ForbiddenMountOptions, key))
                throw new VolumeException($"{backend}: mount option \"{key}\" is forbidden (node config)");
            if (Attribute(word) is { } attribute)
                attributes |= attribute;
            else if (IsLoosening(word))
                continue;
            else if (!IsIn(allowed, key) && !IsIn(policy.AllowedMountOptions, key))
                throw new VolumeException($"{backend}: mount option \"{key}\" is not among those that are allowed; the node config's allowedMountOptions can allow it");
            else
                parameters.Add(new MountParameter(key, equals < 0 ? null : word[(equals + 1)..]));
        }

        return new MountWords(attributes, parameters);
    }

    /// <summary>The options of the administrator behind those of the volume: of two the later wins.</summary>
    public MountWords With(string forced)
    {
        var all = new List<MountParameter>(Parameters);
        var attributes = Attributes;
        foreach (var word in forced.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            if (Attribute(word) is { } attribute)
                attributes |= attribute;
            else
                all.Add(new MountParameter(equals < 0 ? word : word[..equals], equals < 0 ? null : word[(equals + 1)..]));
        }

        return new MountWords(attributes, all);
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

    private static MountAttributes? Attribute(string word) => word switch
    {
        "ro" => MountAttributes.ReadOnly,
        "nosuid" => MountAttributes.NoSuid,
        "nodev" => MountAttributes.NoDev,
        "noexec" => MountAttributes.NoExec,
        "noatime" => MountAttributes.NoAtime,
        "nodiratime" => MountAttributes.NoDirAtime,
        "strictatime" => MountAttributes.StrictAtime,
        _ => null,
    };

    // The kernel's own defaults, or what only the administrator may lift: nothing to do.
    private static bool IsLoosening(string word) => word is "rw" or "suid" or "dev" or "exec" or "atime" or "diratime" or "relatime" or "norelatime" or "async";

    private static bool IsForMount(string word) =>
        word is "defaults" or "_netdev" or "nofail" or "auto" or "noauto" or "intr" or "nointr" or "bg" or "fg" or "user" or "nouser" or "users" or "owner" or "nomand"
        || word.StartsWith("x-", StringComparison.Ordinal) || word.StartsWith("retry=", StringComparison.Ordinal) || word.StartsWith("comment=", StringComparison.Ordinal);
}
