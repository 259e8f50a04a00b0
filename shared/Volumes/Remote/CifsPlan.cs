using System.Globalization;
using System.Text;
using Plugboard.Linux.Mounts;
using Plugboard.Volumes.Options;

namespace Plugboard.Volumes.Remote;

/// <summary>What a <c>cifs</c> volume's options and Secret come to. Pure.</summary>
internal sealed record CifsPlan : RemotePlan
{
    private const string Backend = "cifs";
    private const ushort SmbPort = 445;
    private const string OfGroup = "fsGroup";

    private static readonly string[] known =
    [
        "source",
        "server",
        "share",
        "vers",
        "port",
        "domain",
        "uid",
        "gid",
        "file_mode",
        "dir_mode",
        "mountOptions",
        "selinuxEnabled",
        "passwdMethod",
        "guest",
        "readOnly",
    ];

    /// <summary>All files get a label of SELinux.</summary>
    public bool HasContext { get; init; }

    /// <summary>Guest: no user.</summary>
    public bool IsGuest { get; init; }

    /// <summary>The credentials from options and Secret.</summary>
    public required CifsIdentity Identity { get; init; }

    /// <summary>The domain, if the options have it; null if not, even if the Secret has it.</summary>
    public string? Domain { get; init; }

    public static CifsPlan From(PublishRequest request, VolumePolicy policy)
    {
        var options = request.Options;
        options.RequireKnown(Backend, known);
        var given = MountWords.Parse(Backend, options.Find("mountOptions"), CifsWords.Allowed, policy);
        var words = CifsWords.Read(given.With(policy.ForcedMountOptions));
        var (server, source) = Place(options, words.Prefix);
        var port = words.Port ?? options.Find("port");
        var parameters = Complete(request, words);
        var domain = words.Identity.Domain ?? options.Find("domain");
        var readOnly = request.ReadOnly | options.Flag(Backend, "readOnly", false) ? MountAttributes.ReadOnly : MountAttributes.None;
        var plan = new CifsPlan
        {
            Server = RemoteServer.Of(
                server,
                port is null ? SmbPort : PortOf(Backend, port, words.Port is null ? "option \"port\"" : "mount option \"port\"")
            ) with
            {
                Address = words.Address,
            },
            Source = source,
            Words = new MountWords(words.Attributes | policy.ForcedAttributes | readOnly, parameters),
            HasContext = parameters.Exists(static parameter => parameter.Key == "context"),
            IsGuest = options.Flag(Backend, "guest", false),
            Domain = domain,
            Identity = (words.Identity with { Domain = domain }).Over(request.Secrets),
        };
        plan.Server.RequireAllowed(Backend, policy);
        return plan.RequireIdentity(policy, words.IsGuest);
    }

    // mount.cifs took the password from its environment where passwdMethod said so; here nothing has to be said about it.
    private static List<MountParameter> Complete(PublishRequest request, CifsWords words)
    {
        var options = request.Options;
        var parameters = words.Parameters;
        foreach (var key in (string[])["vers", "uid", "gid", "file_mode", "dir_mode"])
        {
            var value = options.Find(key);
            if (value == OfGroup)
                value = request.FsGroup?.ToString(CultureInfo.InvariantCulture);
            AddUnlessThere(parameters, key, key.EndsWith("mode", StringComparison.Ordinal) ? CifsWords.Octal(value) : value);
        }

        if (words.Port is null && options.Find("port") is { } port)
            AddUnlessThere(parameters, "port", port);
        if (request.FsGroup is { } group)
        {
            AddUnlessThere(parameters, "gid", group.ToString(CultureInfo.InvariantCulture));
            AddUnlessThere(parameters, "file_mode", "0770");
            AddUnlessThere(parameters, "dir_mode", "0770");
        }

        if (options.Flag(Backend, "selinuxEnabled", false))
            AddUnlessThere(parameters, "context", "system_u:object_r:container_file_t:s0");
        return parameters;
    }

    private CifsPlan RequireIdentity(VolumePolicy policy, bool asksForGuest)
    {
        if (Identity.File is { } file && !policy.CredentialFiles.Contains(file, StringComparer.Ordinal))
        {
            throw new VolumeException(
                $"{Backend}: mount option \"credentials\" names {ShortText.Of(file)}, "
                    + "which the node config's \"credentialFiles\" does not list; "
                    + "list it there, or put username, password and domain into the Secret"
            );
        }

        var isNobody = Identity.User is null && Identity.File is null;
        var isAnonymous =
            IsGuest || (isNobody && asksForGuest) || Words.Parameters.Any(static parameter => parameter is { Key: "sec", Value: "none" });
        // With Kerberos the identity comes from the node's tickets.
        if (isNobody && !isAnonymous && !IsKerberos)
            throw new MissingSecretException(Backend, "username");
        return this with { IsGuest = isAnonymous };
    }

    private static (string Server, string Source) Place(VolumeOptions options, string? prefix)
    {
        // Two ways to say it; which one is missed depends on which one the dialect has.
        var given = options.Find("server") is null && options.IsRenamed("source") ? options.Get(Backend, "source") : options.Find("source");
        var written = given is not null
            ? Slashed(given.Trim())
            : $"//{options.Get(Backend, "server").Trim(' ', '/', '\\')}/{Slashed(options.Get(Backend, "share")).Trim('/')}";
        var end = written.StartsWith("//", StringComparison.Ordinal) ? written.IndexOf('/', 2) : -1;
        var names = end <= 2 ? [] : written[end..].Split('/', StringSplitOptions.RemoveEmptyEntries);
        // What the kernel once took beside the share; mount.cifs(8) has it behind the share now.
        if (names.Length == 1 && prefix is not null)
            names = [.. names, .. prefix.Replace('\\', '/').Split('/', StringSplitOptions.RemoveEmptyEntries)];
        if (names.Length == 0 || names.AsSpan().IndexOfAny("..", ".") >= 0)
            throw options.Wrong(Backend, "source", given ?? written, "\"//server/share\"");
        var source = new StringBuilder(written[..end]);
        foreach (var name in names)
            source.Append('/').Append(name);
        return (written[2..end], source.ToString());
    }

    // A blank as fstab(5) and mountinfo write it, where people copy a path from; a path of Windows has a directory's name there.
    private static string Slashed(string path) =>
        (path.StartsWith('\\') ? path : path.Replace("\\040", " ", StringComparison.Ordinal)).Replace('\\', '/');

    private static void AddUnlessThere(List<MountParameter> parameters, string key, string? value)
    {
        if (value is not null && !parameters.Exists(parameter => parameter.Key == key))
            parameters.Add(new MountParameter(key, Single(Backend, key, value)));
    }
}
