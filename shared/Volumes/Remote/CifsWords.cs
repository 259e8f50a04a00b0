using System.Globalization;
using System.Text;
using Plugboard.Addresses;
using Plugboard.Linux.Mounts;
using Plugboard.Volumes.Options;

namespace Plugboard.Volumes.Remote;

/// <summary>
/// Mount options of SMB: what mount.cifs(8) did itself is taken out or translated, what the kernel takes is left. Sources: mount.cifs(8)
/// of cifs-utils 7.0; smb3_fs_parameters, fs/smb/client/fs_context.c, Linux 6.18.
/// </summary>
internal sealed class CifsWords
{
    private const string Backend = "cifs";

    // Each also with "no" before it.
    private static readonly string[] flags =
    [
        "user_xattr",
        "forceuid",
        "multichannel",
        "forcegid",
        "hard",
        "soft",
        "perm",
        "mapposix",
        "sfu",
        "posixpaths",
        "unix",
        "linux",
        "posix",
        "brl",
        "handlecache",
        "setuids",
        "dynperm",
        "strictsync",
        "serverino",
        "acl",
        "persistenthandles",
        "resilienthandles",
        "tcpnodelay",
        "mapchars",
    ];

    /// <summary>
    /// All that a volume's author may write. Of the kernel's own <c>source</c>, <c>rootfs</c> and <c>password2</c> are missing: they are
    /// not a volume's.
    /// </summary>
    public static IReadOnlyCollection<string> Allowed { get; } =
        new HashSet<string>(
            [
                .. flags,
                .. flags.Select(static flag => "no" + flag),
                "nodfs",
                "nolease",
                "nosparse",
                "nodelete",
                "nosharesock",
                "noblocksend",
                "noautotune",
                "noac",
                "nolock",
                "nocase",
                "ignorecase",
                "forcemandatorylock",
                "forcemand",
                "setuidfromacl",
                "idsfromsid",
                "rwpidforward",
                "cifsacl",
                "locallease",
                "sign",
                "ignore_signature",
                "signloosely",
                "seal",
                "fsc",
                "mfsymlinks",
                "multiuser",
                "domainauto",
                "rdma",
                "modesid",
                "modefromsid",
                "compress",
                "witness",
                "backupuid",
                "backupgid",
                "uid",
                "gid",
                "cruid",
                "file_mode",
                "fmask",
                "dir_mode",
                "dirmode",
                "dirm",
                "dmask",
                "port",
                "min_enc_offload",
                "esize",
                "retrans",
                "bsize",
                "rasize",
                "rsize",
                "wsize",
                "actimeo",
                "acdirmax",
                "acregmax",
                "closetimeo",
                "echo_interval",
                "max_credits",
                "max_cached_dirs",
                "handletimeout",
                "snapshot",
                "max_channels",
                "reparse",
                "symlink",
                "symlinkroot",
                "upcall_target",
                "user",
                "username",
                "pass",
                "password",
                "guest",
                "credentials",
                "cred",
                "domain",
                "dom",
                "workgroup",
                "ip",
                "addr",
                "srcaddr",
                "iocharset",
                "netbiosname",
                "servern",
                "servernetbiosname",
                "ver",
                "vers",
                "sec",
                "cache",
                "unc",
                "target",
                "path",
                "prefixpath",
                "context",
                "fscontext",
                "defcontext",
                "rootcontext",
            ],
            StringComparer.Ordinal
        );

    private CifsWords(MountAttributes attributes) => Attributes = attributes;

    /// <summary>What holds for the mount.</summary>
    public MountAttributes Attributes { get; }

    /// <summary>The parameters for the kernel.</summary>
    public List<MountParameter> Parameters { get; } = [];

    /// <summary>The credentials.</summary>
    public CifsIdentity Identity { get; private set; } = new();

    /// <summary>No password is asked for: without a user the mount is a guest's.</summary>
    public bool IsGuest { get; private set; }

    /// <summary>The server's address; null: its name is looked up.</summary>
    public IPAddr? Address { get; private set; }

    /// <summary>The server's port; null: not given.</summary>
    public string? Port { get; private set; }

    /// <summary>The directory below the share; null: not given.</summary>
    public string? Prefix { get; private set; }

    /// <summary>Reads words that are allowed.</summary>
    /// <exception cref="VolumeException">A value is wrong.</exception>
    public static CifsWords Read(MountWords words)
    {
        var read = new CifsWords(words.Attributes);
        foreach (var word in words.Parameters)
        {
            if (!read.TryTake(word.Key, word.Value ?? ""))
                read.Set(Translate(word));
        }

        return read;
    }

    // True for options that the kernel does not need, or gets in another place.
    private bool TryTake(string key, string value)
    {
        switch (key)
        {
            case "user" or "username":
                (IsGuest, Identity) = value.Length == 0 ? (true, Identity) : (IsGuest, Identity with { User = value });
                return true;
            case "pass" or "password":
                Identity = Identity with { Password = Identity.Password ?? new Secret(Encoding.UTF8.GetBytes(value)) };
                return true;
            case "domain" or "dom" or "workgroup":
                Identity = Identity with { Domain = value };
                return true;
            case "credentials" or "cred":
                Identity = Identity with { File = value };
                return true;
            case "guest":
                IsGuest = true;
                return true;
            case "ip" or "addr":
                Address = IPAddr.TryParse(value, out var address)
                    ? address
                    : throw new VolumeException($"{Backend}: mount option \"{key}\" is \"{ShortText.Of(value)}\"; an address is wanted");
                return true;
            case "port":
                Port = value;
                break;
            case "prefixpath":
                Prefix = value;
                return true;
        }

        // Given by the source, or for the helper program; without a value mount.cifs ignores the rest.
        return key is "unc" or "target" or "path" or "ver" || (value.Length == 0 && key is "uid" or "gid" or "cruid");
    }

    private static MountParameter Translate(MountParameter word) =>
        word.Key switch
        {
            "fmask" or "file_mode" => new MountParameter("file_mode", Octal(word.Value)),
            "dmask" or "dirm" or "dirmode" or "dir_mode" => new MountParameter("dir_mode", Octal(word.Value)),
            "nolock" => new MountParameter("nobrl", null),
            "servernetbiosname" => new MountParameter("servern", word.Value),
            "snapshot" => new MountParameter("snapshot", Snapshot(word.Value ?? "")),
            _ => word,
        };

    /// <summary>
    /// A mode as the kernel takes it for octal: with a leading zero. Without one it would be decimal, which is never meant.
    /// </summary>
    public static string? Octal(string? mode) =>
        mode is { Length: > 0 } && mode[0] != '0' && mode.AsSpan().IndexOfAnyExceptInRange('0', '7') < 0 ? "0" + mode : mode;

    // A time as Windows shows it, @GMT-2019.03.27-20.52.19, in units of 100 ns since 1601 for the kernel.
    private static string Snapshot(string value)
    {
        var parts = value.StartsWith("@GMT-", StringComparison.Ordinal) ? value[5..].Split('.', '-') : [];
        var numbers = new int[6];
        for (var i = 0; i < numbers.Length; i++)
        {
            if (parts.Length != numbers.Length || !int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
                return value;
        }

        var isDate =
            numbers[0] is > 1600 and < 10000
            && numbers[1] is > 0 and <= 12
            && numbers[2] > 0
            && numbers[2] <= DateTime.DaysInMonth(numbers[0], numbers[1]);
        if (!isDate || numbers[3] > 23 || numbers[4] > 59 || numbers[5] > 59)
            return value;
        var time = new DateTime(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], DateTimeKind.Utc);
        return (time.Ticks - new DateTime(1601, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks).ToString(CultureInfo.InvariantCulture);
    }

    // Of two options for the same setting the later one counts, as in the kernel; a repeated one is passed once.
    private void Set(MountParameter word)
    {
        Parameters.RemoveAll(each => each.Key == word.Key);
        Parameters.Add(word);
    }
}
