using System.Globalization;
using Plugboard.Linux.Mounts;
using Plugboard.Volumes.Options;

namespace Plugboard.Volumes.Remote;

/// <summary>What an <c>nfs</c> volume's options come to. Pure.</summary>
internal sealed record NfsPlan : RemotePlan
{
    private const string Backend = "nfs";
    private static readonly string[] known =
    [
        "server", "share", "source", "subDir", "create", "mode", "uid", "gid", "vers", "mountOptions", "soft", "proto", "sec", "nconnect", "port", "atime", "readOnly",
    ];

    private const ushort NfsPort = 2049;

    private static readonly string[] allowedWords =
    [
        "soft", "hard", "softerr", "softreval", "nosoftreval", "timeo", "retrans", "rsize", "wsize", "bsize", "vers", "nfsvers", "minorversion", "proto", "tcp", "port", "nconnect", "max_connect", "sec",
        "ac*", "noac", "noacl", "lock", "nolock", "local_lock", "cto", "nocto", "lookupcache", "fsc", "nofsc", "sharecache", "nosharecache", "rdirplus", "nordirplus", "resvport", "noresvport",
        "mountport", "mountproto", "mountvers", "trunkdiscovery", "notrunkdiscovery", "namlen", "sloppy",
    ];

    /// <summary>The export: <c>server:/path</c>.</summary>
    public required string Export { get; init; }

    /// <summary>The directory below it that the pod sees, without slashes around it; empty: all of it.</summary>
    public required string SubDirectory { get; init; }

    /// <summary>The sub-directory is made where it is missing.</summary>
    public bool Create { get; init; }

    /// <summary>The mode of what is made.</summary>
    public uint Mode { get; init; }

    /// <summary>The owner of what is made; null: whom the server takes the node's root for.</summary>
    public uint? Uid { get; init; }

    /// <summary>The group of what is made; null: as for the owner.</summary>
    public uint? Gid { get; init; }

    /// <summary>The versions to try, in their order.</summary>
    public required IReadOnlyList<string> Versions { get; init; }

    /// <summary>Writes may be lost without a word.</summary>
    public bool IsSoft { get; init; }

    public static NfsPlan From(PublishRequest request, VolumePolicy policy)
    {
        var options = request.Options;
        options.RequireKnown(Backend, known);
        var (server, share) = Place(options);
        var words = MountWords.Parse(Backend, options.Find("mountOptions"), allowedWords, policy);
        var soft = options.Flag(Backend, "soft", false);
        RequireOptIn(words, soft);
        var parameters = new List<MountParameter>();
        string? versions = options.Find("vers");
        foreach (var word in words.Parameters)
        {
            if (word.Key is "vers" or "nfsvers")
                versions = word.Value;
            else
                parameters.Add(word);
        }

        var port = Port(options);
        Add(parameters, "proto", options.Find("proto"));
        Add(parameters, "sec", options.Find("sec"));
        Add(parameters, "nconnect", options.Find("nconnect"));
        Add(parameters, "port", options.Find("port"));
        parameters.Add(new MountParameter(soft ? "soft" : "hard", null));
        var attributes = words.Attributes | policy.ForcedAttributes
            | (request.ReadOnly | options.Flag(Backend, "readOnly", false) ? MountAttributes.ReadOnly : 0)
            | (options.Flag(Backend, "atime", true) ? 0 : MountAttributes.NoAtime);
        var export = ExportOf(server, ShareOf(share));
        var subDirectory = SubDirectoryOf(options.Find("subDir"));
        var plan = new NfsPlan
        {
            Server = new RemoteServer(server, port),
            Source = subDirectory.Length == 0 ? export : $"{export.TrimEnd('/')}/{subDirectory}",
            Export = export,
            SubDirectory = subDirectory,
            Create = options.Flag(Backend, "create", false),
            Mode = options.Mode(Backend, "mode") ?? 0x1f8,
            Uid = options.Id(Backend, "uid"),
            Gid = options.Id(Backend, "gid") ?? request.FsGroup,
            Versions = VersionsOf(options, versions ?? "4.2"),
            Words = new MountWords(attributes, parameters).With(policy.ForcedMountOptions),
            IsSoft = soft,
        };
        plan.Server.RequireAllowed(Backend, policy);
        return plan;
    }

    private static (string Server, string Share) Place(VolumeOptions options)
    {
        if (options.Find("source") is not { } source)
            return (options.Get(Backend, "server"), options.Get(Backend, "share"));
        var at = source.IndexOf(":/", StringComparison.Ordinal);
        return at > 0 ? (source[..at], source[(at + 1)..]) : throw options.Wrong(Backend, "source", source, "\"server:/path\"");
    }

    private static string ShareOf(string share)
    {
        if (!share.StartsWith('/'))
            throw new VolumeException($"{Backend}: option \"share\" is \"{share}\"; an absolute path is wanted");
        return share.Length > 1 ? share.TrimEnd('/') : share;
    }

    private static string ExportOf(string server, string share) => $"{(server.Contains(':', StringComparison.Ordinal) && !server.StartsWith('[') ? $"[{server}]" : server)}:{share}";

    private static string SubDirectoryOf(string? sub)
    {
        var names = (sub ?? "").Split('/', StringSplitOptions.RemoveEmptyEntries);
        return names.AsSpan().IndexOfAny("..", ".") < 0 ? string.Join('/', names) : throw new VolumeException($"{Backend}: subDir \"{sub}\" leaves the share");
    }

    // What is written is lost without a word when a server is slow; whoever wants that says so.
    private static void RequireOptIn(MountWords words, bool soft)
    {
        foreach (var word in words.Parameters)
        {
            if (word.Key is "soft" or "softerr" && !soft)
                throw new VolumeException($"{Backend}: mount option \"{word.Key}\" loses writes without a word when the server is slow; set option \"soft\" to \"true\" if that is wanted");
        }
    }

    private static ushort Port(VolumeOptions options) => options.Find("port") switch
    {
        null => NfsPort,
        var text => ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0 ? port : throw options.Wrong(Backend, "port", text, "a TCP port"),
    };

    private static string[] VersionsOf(VolumeOptions options, string text)
    {
        var versions = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var version in versions)
        {
            if (version is not ("4.2" or "4.1" or "4.0" or "4" or "3" or "3.0"))
                throw options.Wrong(Backend, "vers", text, "\"4.2\", \"4.1\", \"4.0\" or \"3\", or several of them divided by commas,");
        }

        // A spelling of mount.nfs's that the kernel has not got.
        versions.AsSpan().Replace("3.0", "3");
        return versions.Length > 0 ? versions : throw options.Wrong(Backend, "vers", text, "a version");
    }

    private static void Add(List<MountParameter> parameters, string key, string? value)
    {
        if (value is null)
            return;
        if (value.Contains(',', StringComparison.Ordinal))
            throw new VolumeException($"{Backend}: option \"{key}\" holds a comma");
        parameters.Add(new MountParameter(key, value));
    }
}
