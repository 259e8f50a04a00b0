using Plugboard.Linux.Mounts;
using Plugboard.Volumes.Options;

namespace Plugboard.Volumes.Remote;

/// <summary>
/// Mount options of NFS: what mount.nfs(8) did itself is taken out, what the kernel takes is left. Sources: nfs(5) of nfs-utils 2.6;
/// nfs_fs_parameters, fs/nfs/fs_context.c, Linux 6.18.
/// </summary>
internal sealed class NfsWords
{
    private static readonly string[] ofMountd = ["mountport", "mountproto", "mountvers", "mounthost"];

    /// <summary>All that a volume's author may write.</summary>
    public static IReadOnlyCollection<string> Allowed { get; } =
        new HashSet<string>(
            [
                "soft",
                "hard",
                "softerr",
                "softreval",
                "nosoftreval",
                "timeo",
                "retrans",
                "rsize",
                "wsize",
                "bsize",
                "nconnect",
                "max_connect",
                "sec",
                "ac",
                "noac",
                "acl",
                "noacl",
                "acregmin",
                "acregmax",
                "acdirmin",
                "acdirmax",
                "actimeo",
                "lock",
                "nolock",
                "local_lock",
                "cto",
                "nocto",
                "lookupcache",
                "fsc",
                "nofsc",
                "sharecache",
                "nosharecache",
                "rdirplus",
                "nordirplus",
                "resvport",
                "noresvport",
                "trunkdiscovery",
                "notrunkdiscovery",
                "namlen",
                "clientaddr",
                "posix",
                "noposix",
                "migration",
                "nomigration",
                "write",
                "xprtsec",
                "fatal_neterrors",
                "alignwrite",
                "noalignwrite",
                "vers",
                "nfsvers",
                "minorversion",
                "v2",
                "v3",
                "v4",
                "v4.0",
                "v4.1",
                "v4.2",
                "proto",
                "tcp",
                "udp",
                "rdma",
                "port",
                .. ofMountd,
                "mountaddr",
                "addr",
                "nfsprog",
                "mountprog",
                "context",
                "fscontext",
                "defcontext",
                "rootcontext",
            ],
            StringComparer.Ordinal
        );

    private string? minor;

    private NfsWords(MountAttributes attributes) => Attributes = attributes;

    /// <summary>What holds for the mount.</summary>
    public MountAttributes Attributes { get; }

    /// <summary>The parameters for the kernel in any version.</summary>
    public List<MountParameter> Parameters { get; } = [];

    /// <summary>The additional parameters for version 3, whose mountd is another server.</summary>
    public List<MountParameter> OfMountd { get; } = [];

    /// <summary>The version; null: not given.</summary>
    public string? Version { get; private set; }

    /// <summary>The mount option that gave the version; null: not given.</summary>
    public string? VersionKey { get; private set; }

    /// <summary>The transport as <c>proto=</c> has it; null: not given.</summary>
    public string? Protocol { get; private set; }

    /// <summary>The server's port; null: not given.</summary>
    public string? Port { get; private set; }

    /// <summary>Where mountd is; null: where the server is.</summary>
    public string? MountHost { get; private set; }

    /// <summary>The last of <c>hard</c>, <c>soft</c> and <c>softerr</c>; null if absent.</summary>
    public string? Patience { get; private set; }

    /// <summary>Reads words that are allowed.</summary>
    public static NfsWords Read(MountWords words)
    {
        var read = new NfsWords(words.Attributes);
        foreach (var word in words.Parameters)
            read.Take(word);
        // nfs(5): vers=4 with minorversion=1 is vers=4.1.
        if (read.minor is not null && read.Version is null or "4")
            (read.Version, read.VersionKey) = ($"4.{read.minor}", read.VersionKey ?? "minorversion");
        return read;
    }

    private void Take(MountParameter word)
    {
        var (key, value) = (word.Key, word.Value ?? "");
        switch (key)
        {
            case "vers" or "nfsvers":
                (Version, VersionKey) = (value, key);
                break;
            case "v2" or "v3" or "v4" or "v4.0" or "v4.1" or "v4.2":
                (Version, VersionKey) = (key[1..], key);
                break;
            case "minorversion":
                minor = value;
                break;
            case "proto":
                Protocol = value;
                break;
            case "tcp" or "udp" or "rdma":
                Protocol = key;
                break;
            case "port":
                // nfs(5): 0 is as if it were not there.
                Port = value == "0" ? null : value;
                break;
            case "mounthost" or "mountaddr":
                MountHost = value;
                break;
            case "hard" or "soft" or "softerr":
                Patience = key;
                break;
            case "addr" or "nfsprog" or "mountprog":
                // mount.nfs(8) finds the address by the server's name, and the kernel knows one program of each.
                break;
            default:
                Set(Array.IndexOf(ofMountd, key) >= 0 ? OfMountd : Parameters, word);
                break;
        }
    }

    // Of two options for the same setting the later one counts, as in the kernel; a repeated one is passed once.
    private static void Set(List<MountParameter> parameters, MountParameter word)
    {
        parameters.RemoveAll(each => each.Key == word.Key);
        parameters.Add(word);
    }
}
