using Plugboard.Protocols.FlexVolume;
using Plugboard.Volumes.Options;

namespace Plugboard.Drivers;

/// <summary>The meaning of a driver's name: the backend, the spelling of options, and the capabilities.</summary>
/// <param name="Backend">The backend's name.</param>
/// <param name="Names">The spelling.</param>
public sealed record Dialect(string Backend, OptionNames Names)
{
    private static readonly FlexCapabilities remote = new() { SELinuxRelabel = false, SupportsMetrics = false };
    private static readonly FlexCapabilities disk = new() { FSGroup = true, RequiresFSResize = true };

    /// <summary>The drivers in use that we take the place of.</summary>
    public static string ForeignNames =>
        "k8s/nfs, alicloud/nas, fstab/cifs, juliohm/cifs, microsoft.com/smb, ramax.com/local-storage, kvaps/loop, nodeagent/uds";

    /// <summary>The names of drivers that any vendor may have.</summary>
    public static IReadOnlyList<string> OwnDrivers { get; } = ["local", "loop", "tmpfs", "nfs", "cifs", "smb", "uds"];

    /// <summary>
    /// The answer to <c>init</c>. A dead server would block statistics and changes of ownership, so remote volumes have neither.
    /// </summary>
    public FlexCapabilities Capabilities =>
        Backend switch
        {
            "nfs" or "cifs" => remote,
            "loop" => disk,
            "local" => disk,
            "tmpfs" => new FlexCapabilities { RequiresFSResize = true },
            _ => new FlexCapabilities { SupportsMetrics = false },
        };

    /// <summary>True where a call may wait for a server.</summary>
    public bool IsRemote => Backend is "nfs" or "cifs";

    /// <summary>The dialect of a name: of a driver in use by its whole name, else ours by the driver's; null if unknown.</summary>
    public static Dialect? Find(DriverName name) =>
        name.Tilded switch
        {
            "alicloud~nas" => Foreign("nfs", ("path", "share"), ("options", "mountOptions"))
                .With(("share", "/"), ("parents", "/,/share"), ("vers", "3,4.0"), ("mountOptions", "noresvport"))
                .Meaning(ForeignValues.OfAlicloud),
            "ramax.com~local-storage" => Foreign(
                    "local",
                    ("volume-mode", "mode"),
                    ("volume-uid", "uid"),
                    ("volume-gid", "gid"),
                    ("pod-local", "perPod"),
                    ("pvc-name", "name"),
                    ("file-sync", "root")
                )
                .With(("mode", "0755"), ("reset", "true"))
                .Meaning(ForeignValues.OfRamax)
                .Below("/srv/local", ForeignValues.FileSyncRoot),
            "kvaps~loop" => Foreign("loop", ("share", "directory")).Meaning(ForeignValues.OfKvaps),
            "k8s~nfs" => Foreign("nfs", ("protocol", "proto"), ("readonly", "readOnly")).Meaning(ForeignValues.OfK8s),
            "fstab~cifs" => Foreign("cifs", ("networkPath", "source")),
            "juliohm~cifs" => Foreign("cifs", ("opts", "mountOptions")).With(("uid", "fsGroup")),
            "microsoft.com~smb" => Foreign("cifs", ("mountoptions", "mountOptions")),
            _ => name.Driver switch
            {
                "local" or "loop" or "tmpfs" or "nfs" or "cifs" or "uds" => new Dialect(name.Driver, OwnNames(name.Driver)),
                "smb" => new Dialect("cifs", OwnNames("cifs")),
                _ => null,
            },
        };

    /// <summary>The allowed roots where the administrator says nothing; empty: one of ours by the driver's name.</summary>
    public IReadOnlyList<string> DefaultRoots { get; private init; } = [];

    private Dialect With(params (string Name, string Value)[] defaults) => this with { Names = Names with { Defaults = Table(defaults) } };

    private Dialect Meaning(Func<string, string, string> translate) => this with { Names = Names with { Translate = translate } };

    private Dialect Below(params string[] roots) => this with { DefaultRoots = roots };

    // The drivers that these names come from passed over what they did not know, and a volume's options cannot be changed.
    private static Dialect Foreign(string backend, params (string Alias, string Name)[] aliases) =>
        new(backend, new OptionNames { IsLenient = true, Aliases = Table(aliases) });

    private static OptionNames OwnNames(string backend) =>
        new()
        {
            Aliases = backend switch
            {
                "local" => Table([("volume-mode", "mode"), ("volume-uid", "uid"), ("volume-gid", "gid"), ("pod-local", "perPod")]),
                "nfs" => Table([
                    ("path", "share"),
                    ("options", "mountOptions"),
                    ("opts", "mountOptions"),
                    ("mountoptions", "mountOptions"),
                ]),
                "cifs" => Table([("networkPath", "source"), ("opts", "mountOptions"), ("mountoptions", "mountOptions")]),
                _ => OptionNames.Own.Aliases,
            },
        };

    /// <summary>Reads <c>vendor/driver</c>, for which there must be a dialect.</summary>
    /// <exception cref="FlexException">No driver has this name.</exception>
    public static DriverName GetName(string text) =>
        DriverName.Find(text) is { } name && Find(name) is not null
            ? name
            : throw new FlexException(
                $"\"{text}\" is not a driver of ours: a vendor of your choice with local, loop, tmpfs, nfs, cifs or uds, or one of "
                    + ForeignNames
            );

    /// <summary>The driver's name by the directory that an executable was started from; null where that is no driver's.</summary>
    public static DriverName? FindNameByPath(string executable)
    {
        var path = executable.StartsWith('/') ? executable : Path.GetFullPath(executable);
        return DriverName.Find(Path.GetFileName(Path.GetDirectoryName(path) ?? "")) is { } name && Find(name) is not null ? name : null;
    }

    private static Dictionary<string, string> Table((string Alias, string Name)[] aliases)
    {
        var table = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (alias, name) in aliases)
            table[alias] = name;
        return table;
    }
}
