using System.Globalization;
using Plugboard.Linux.Mounts;
using Plugboard.Volumes.Options;

namespace Plugboard.Volumes.Remote;

/// <summary>What a <c>cifs</c> volume's options and Secret come to. Pure.</summary>
internal sealed record CifsPlan : RemotePlan
{
    private const string Backend = "cifs";
    private static readonly string[] known =
    [
        "source", "server", "share", "vers", "uid", "gid", "file_mode", "dir_mode", "mountOptions", "selinuxEnabled", "passwdMethod", "guest", "readOnly",
    ];

    private const ushort SmbPort = 445;

    // Neither where to nor as whom: both are options of their own, which the administrator's rules see.
    private static readonly string[] allowedWords =
    [
        "uid", "gid", "file_mode", "dir_mode", "vers", "sec", "cruid", "seal", "sign", "cache", "actimeo", "ac*", "rsize", "wsize", "bsize", "nobrl", "mfsymlinks", "noperm", "perm", "serverino", "noserverino",
        "iocharset", "forceuid", "noforceuid", "forcegid", "noforcegid", "nounix", "unix", "linux", "nolinux", "soft", "hard", "echo_interval", "handletimeout", "mapposix", "mapchars", "nomapchars",
        "nocase", "ignorecase", "nostrictsync", "strictsync", "cifsacl", "dynperm", "nodynperm", "setuids", "nosetuids", "nosharesock", "multichannel", "nomultichannel", "max_channels", "persistenthandles",
        "nopersistenthandles", "resilienthandles", "noresilienthandles", "fsc", "closetimeo", "sfu", "nosfu", "user_xattr", "nouser_xattr", "acl", "noacl", "posix", "noposix", "domainauto", "maxcredits", "rasize",
    ];

    /// <summary>All files get a label of SELinux.</summary>
    public bool HasContext { get; init; }

    /// <summary>Nobody in particular.</summary>
    public bool IsGuest { get; init; }

    public static CifsPlan From(PublishRequest request, VolumePolicy policy)
    {
        var options = request.Options;
        options.RequireKnown(Backend, known);
        var (server, source) = Place(options);
        var words = MountWords.Parse(Backend, options.Find("mountOptions"), allowedWords, policy);
        var parameters = new List<MountParameter>(words.Parameters);
        foreach (var key in (string[])["vers", "uid", "gid", "file_mode", "dir_mode"])
            AddUnlessThere(parameters, key, options.Find(key));
        AddUnlessThere(parameters, "vers", "3.1.1");
        if (request.FsGroup is { } group)
        {
            AddUnlessThere(parameters, "gid", group.ToString(CultureInfo.InvariantCulture));
            AddUnlessThere(parameters, "file_mode", "0770");
            AddUnlessThere(parameters, "dir_mode", "0770");
        }

        var labels = options.Flag(Backend, "selinuxEnabled", false);
        if (labels)
            parameters.Add(new MountParameter("context", "system_u:object_r:container_file_t:s0"));
        // mount.cifs took the password from its environment then; here nothing has to be said about it.
        options.Find("passwdMethod");
        var readOnly = request.ReadOnly | options.Flag(Backend, "readOnly", false) ? MountAttributes.ReadOnly : MountAttributes.None;
        var plan = new CifsPlan
        {
            Server = new RemoteServer(server, SmbPort),
            Source = source,
            Words = new MountWords(words.Attributes | policy.ForcedAttributes | readOnly, parameters).With(policy.ForcedMountOptions),
            HasContext = labels,
            IsGuest = options.Flag(Backend, "guest", false),
        };
        plan.Server.RequireAllowed(Backend, policy);
        // Who it is then comes from the node's Kerberos tickets.
        if (!plan.IsGuest && !plan.IsKerberos && !request.Secrets.ContainsKey("username"))
            throw new MissingSecretException(Backend, "username");
        return plan;
    }

    private static (string Server, string Source) Place(VolumeOptions options)
    {
        // Two ways to say it; which one is missed depends on which one the dialect has.
        var given = options.Find("server") is null && options.IsRenamed("source") ? options.Get(Backend, "source") : options.Find("source");
        var source = given is not null
            ? given.Replace('\\', '/')
            : $"//{options.Get(Backend, "server").Trim('/')}/{options.Get(Backend, "share").Replace('\\', '/').Trim('/')}";
        var end = source.StartsWith("//", StringComparison.Ordinal) ? source.IndexOf('/', 2) : -1;
        if (end <= 2 || end == source.Length - 1 || source.Contains("/../", StringComparison.Ordinal) || source.EndsWith("/..", StringComparison.Ordinal))
            throw options.Wrong(Backend, "source", source, "\"//server/share\"");
        return (source[2..end], source.TrimEnd('/'));
    }

    private static void AddUnlessThere(List<MountParameter> parameters, string key, string? value)
    {
        if (value is null || parameters.Exists(parameter => parameter.Key == key))
            return;
        parameters.Add(value.Contains(',', StringComparison.Ordinal) ? throw new VolumeException($"{Backend}: option \"{key}\" holds a comma") : new MountParameter(key, value));
    }
}
