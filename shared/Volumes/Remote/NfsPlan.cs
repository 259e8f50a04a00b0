using Plugboard.Linux.Mounts;
using Plugboard.Volumes.Options;

namespace Plugboard.Volumes.Remote;

/// <summary>What an <c>nfs</c> volume's options come to. Pure.</summary>
internal sealed record NfsPlan : RemotePlan
{
    private const string Backend = "nfs";
    private const ushort NfsPort = 2049;
    private const ushort RpcBindPort = 111;

    // As mount.nfs(8) negotiates them.
    private static readonly string[] all = ["4.2", "4.1", "4.0", "3"];

    private static readonly string[] known =
    [
        "server",
        "share",
        "source",
        "subDir",
        "create",
        "parents",
        "mode",
        "uid",
        "gid",
        "vers",
        "mountOptions",
        "soft",
        "proto",
        "sec",
        "nconnect",
        "port",
        "atime",
        "readOnly",
    ];

    /// <summary>
    /// Where it may be, in the order in which the places are tried: the next one where the server has not got the one before.
    /// </summary>
    public required IReadOnlyList<NfsPlace> Places { get; init; }

    /// <summary>The mode of what is made.</summary>
    public uint Mode { get; init; }

    /// <summary>The owner of created directories; null: the user that the server maps the node's root to.</summary>
    public uint? Uid { get; init; }

    /// <summary>The group of what is made; null: as for the owner.</summary>
    public uint? Gid { get; init; }

    /// <summary>The versions to try, in their order.</summary>
    public required IReadOnlyList<string> Versions { get; init; }

    /// <summary>The transport for an IPv4 address; null: TCP.</summary>
    public string? Protocol { get; init; }

    /// <summary>The parameters for version 3 only.</summary>
    public required IReadOnlyList<MountParameter> OfMountd { get; init; }

    /// <summary>The mountd of version 3, which gives the export's root; without a port, rpcbind gives it.</summary>
    public required RemoteServer Mountd { get; init; }

    /// <summary>Writes may be lost without a word.</summary>
    public bool IsSoft { get; init; }

    public static NfsPlan From(PublishRequest request, VolumePolicy policy)
    {
        var options = request.Options;
        options.RequireKnown(Backend, known);
        var given = MountWords.Parse(Backend, options.Find("mountOptions"), NfsWords.Allowed, policy);
        var words = NfsWords.Read(given.With(policy.ForcedMountOptions));
        var protocol = ProtocolOf(options, words);
        var port = words.Port ?? options.Find("port")?.Trim();
        var patience = words.Patience ?? (options.Flag(Backend, "soft", false) ? "soft" : "hard");
        var (written, share) = Place(options);
        var nfsPort = port is null or "0"
            ? NfsPort
            : PortOf(Backend, port, words.Port is null ? "option \"port\"" : "mount option \"port\"");
        var server = RemoteServer.Of(written, nfsPort) with { IsTcp = protocol is null or "tcp" or "tcp6" };
        var places = PlacesOf(options, server, share);
        var plan = new NfsPlan
        {
            Server = server,
            Source = places[0].Source,
            Places = places,
            Mode = options.Mode(Backend, "mode") ?? 0x1f8,
            Uid = options.Id(Backend, "uid"),
            Gid = options.Id(Backend, "gid") ?? request.FsGroup,
            Versions = VersionsOf(options, words, protocol),
            Protocol = protocol,
            OfMountd = words.OfMountd,
            Mountd = MountdOf(server, words),
            Words = new MountWords(Attributes(request, words, policy), ParametersOf(options, words, port, patience)),
            IsSoft = patience != "hard",
        };
        plan.Server.RequireAllowed(Backend, policy);
        plan.Mountd.RequireAllowed(Backend, policy);
        return plan;
    }

    private static MountAttributes Attributes(PublishRequest request, NfsWords words, VolumePolicy policy) =>
        words.Attributes
        | policy.ForcedAttributes
        | (request.ReadOnly | request.Options.Flag(Backend, "readOnly", false) ? MountAttributes.ReadOnly : 0)
        | (request.Options.Flag(Backend, "atime", true) ? 0 : MountAttributes.NoAtime);

    private static List<MountParameter> ParametersOf(VolumeOptions options, NfsWords words, string? port, string patience)
    {
        var parameters = words.Parameters;
        foreach (var key in (string[])["sec", "nconnect"])
        {
            if (options.Find(key) is { } value && !parameters.Exists(parameter => parameter.Key == key))
                parameters.Add(new MountParameter(key, Single(Backend, key, value)));
        }

        if (port is not (null or "0"))
            parameters.Add(new MountParameter("port", port));
        parameters.Add(new MountParameter(patience, null));
        return parameters;
    }

    private static (string Server, string Share) Place(VolumeOptions options)
    {
        if (options.Find("source") is not { } source)
            return (options.Get(Backend, "server"), ShareOf(options.Get(Backend, "share")));
        // The colons of an IPv6 address are in brackets, or the path's slash follows the last one.
        var bracket = source.StartsWith('[') ? source.IndexOf("]:", StringComparison.Ordinal) + 1 : 0;
        var at =
            bracket > 0 ? bracket
            : source.IndexOf(":/", StringComparison.Ordinal) is > 0 and var slash ? slash
            : source.IndexOf(':', StringComparison.Ordinal);
        // A URL (RFC 2224), whose scheme would be taken for the server.
        var isUrl = source.StartsWith("nfs://", StringComparison.OrdinalIgnoreCase);
        return at > 0 && at + 1 < source.Length && !isUrl
            ? (source[..at], ShareOf(source[(at + 1)..]))
            : throw options.Wrong(Backend, "source", source, "\"server:/path\"");
    }

    // A path on a server begins at its top, whether that is written or not.
    private static string ShareOf(string share) => "/" + string.Join('/', share.Split('/', StringSplitOptions.RemoveEmptyEntries));

    private static List<NfsPlace> PlacesOf(VolumeOptions options, RemoteServer server, string share)
    {
        var sub = SubDirectoryOf(options.Find("subDir"));
        var host = server.Name.Contains(':', StringComparison.Ordinal) ? $"[{server.Name}]" : server.Name;
        var places = new List<NfsPlace> { new($"{host}:{share}", sub, options.Flag(Backend, "create", false)) };
        const StringSplitOptions Plain = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        foreach (var written in (options.Find("parents") ?? "").Split(',', Plain))
        {
            var parent = ShareOf(written);
            if (share.StartsWith(parent == "/" ? parent : parent + "/", StringComparison.Ordinal) && share != parent)
                places.Add(new NfsPlace($"{host}:{parent}", $"{share[parent.Length..]}/{sub}".Trim('/'), Create: true));
        }

        return places;
    }

    private static string SubDirectoryOf(string? sub)
    {
        var names = (sub ?? "").Split('/', StringSplitOptions.RemoveEmptyEntries);
        return names.AsSpan().IndexOfAny("..", ".") < 0
            ? string.Join('/', names)
            : throw new VolumeException($"{Backend}: subDir \"{ShortText.Of(sub!)}\" leaves the share");
    }

    private static string? ProtocolOf(VolumeOptions options, NfsWords words)
    {
        const string Wanted = "\"tcp\", \"tcp6\", \"udp\" or \"rdma\"";
        var text = words.Protocol ?? options.Find("proto")?.Trim();
        if (text is null or "tcp" or "tcp6" or "udp" or "udp6" or "rdma" or "rdma6")
            return text;
        throw words.Protocol is null
            ? options.Wrong(Backend, "proto", text, Wanted)
            : new VolumeException($"{Backend}: mount option \"proto\" is \"{ShortText.Of(text)}\"; {Wanted} is wanted");
    }

    private static RemoteServer MountdOf(RemoteServer server, NfsWords words)
    {
        var port = words.OfMountd.Find(static parameter => parameter.Key == "mountport").Value;
        var isTcp = words.OfMountd.Find(static parameter => parameter.Key == "mountproto").Value is not ("udp" or "udp6");
        var mountPort = port is null or "0" ? RpcBindPort : PortOf(Backend, port, "mount option \"mountport\"");
        return RemoteServer.Of(words.MountHost ?? server.Name, mountPort) with { IsTcp = isTcp };
    }

    private static IReadOnlyList<string> VersionsOf(VolumeOptions options, NfsWords words, string? protocol)
    {
        var text = words.Version ?? options.Find("vers");
        // Version 4 has no mountd and no UDP: options for these select version 3, as in mount.nfs(8).
        if (text is null)
            return words.OfMountd.Count > 0 || words.MountHost is not null || protocol is "udp" or "udp6" ? ["3"] : all;
        var versions = new List<string>();
        foreach (var version in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            versions.AddRange(
                version switch
                {
                    // Of mount.nfs(8): the latest that the server has.
                    "4" => ["4.2", "4.1", "4.0"],
                    // A spelling of mount.nfs's that the kernel has not got.
                    "3.0" => ["3"],
                    "4.2" or "4.1" or "4.0" or "3" => [version],
                    _ => throw WrongVersion(
                        options,
                        words,
                        text,
                        "\"4.2\", \"4.1\", \"4.0\", \"4\" or \"3\""
                            + (words.Version is null ? ", or several of them divided by commas," : "")
                    ),
                }
            );
        }

        return versions.Count > 0 ? versions : throw WrongVersion(options, words, text, "a version");
    }

    private static VolumeException WrongVersion(VolumeOptions options, NfsWords words, string text, string wanted) =>
        words.VersionKey is { } key
            ? new VolumeException($"{Backend}: mount option \"{key}\" is \"{ShortText.Of(text)}\"; {wanted} is wanted")
            : options.Wrong(Backend, "vers", text, wanted);
}

/// <summary>A directory on a server.</summary>
/// <param name="Export">The export: <c>server:/path</c>.</param>
/// <param name="SubDirectory">The directory below it that the pod sees, without slashes around it; empty: all of it.</param>
/// <param name="Create">The sub-directory is made where it is missing.</param>
internal sealed record NfsPlace(string Export, string SubDirectory, bool Create)
{
    /// <summary>What the pod sees, as mountinfo shows it.</summary>
    public string Source => SubDirectory.Length == 0 ? Export : $"{Export.TrimEnd('/')}/{SubDirectory}";
}
