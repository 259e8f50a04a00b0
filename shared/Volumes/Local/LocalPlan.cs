using Plugboard.Linux.Mounts;
using Plugboard.Volumes.Options;

namespace Plugboard.Volumes.Local;

/// <summary>What a <c>local</c> volume's options come to. Pure.</summary>
internal sealed record LocalPlan
{
    private const string Backend = "local";
    private static readonly string[] known =
    [
        "path",
        "root",
        "name",
        "subPath",
        "create",
        "mode",
        "uid",
        "gid",
        "reset",
        "perPod",
        "quota",
        "readOnly",
    ];

    /// <summary>The directory that the pod sees.</summary>
    public required AllowedRoot Place { get; init; }

    /// <summary>Why the pod may not have it; null if it may.</summary>
    public VolumeException? Trespass { get; init; }

    /// <summary>It is made where it is missing.</summary>
    public bool Create { get; init; }

    /// <summary>The mode of a directory that is made.</summary>
    public uint Mode { get; init; }

    /// <summary>The owner of a directory that is made; null: root.</summary>
    public uint? Uid { get; init; }

    /// <summary>The group of a directory that is made; null: root's.</summary>
    public uint? Gid { get; init; }

    /// <summary>What a directory that is there already gets at each mount as well.</summary>
    public (uint? Uid, uint? Gid, uint? Mode) Reset { get; init; }

    /// <summary>How many bytes may be in it; null: as many as there is room for.</summary>
    public long? Quota { get; init; }

    /// <summary>What the mount gets.</summary>
    public MountAttributes Attributes { get; init; }

    public static LocalPlan From(PublishRequest request, VolumePolicy policy)
    {
        var options = request.Options;
        options.RequireKnown(Backend, known);
        var plan = new LocalPlan
        {
            Create = options.Flag(Backend, "create", !options.IsGiven("path")),
            Mode = options.Mode(Backend, "mode") ?? 0x1f8,
            Uid = options.Id(Backend, "uid"),
            Gid = options.Id(Backend, "gid") ?? request.FsGroup,
            Reset = options.Flag(Backend, "reset", false)
                ? (options.Id(Backend, "uid"), options.Id(Backend, "gid"), options.IsGiven("mode") ? options.Mode(Backend, "mode") : null)
                : default,
            Quota = options.Size(Backend, "quota"),
            Attributes =
                policy.ForcedAttributes
                | (request.ReadOnly | options.Flag(Backend, "readOnly", false) ? MountAttributes.ReadOnly : MountAttributes.None),
            Place = Find(request, policy),
        };
        return plan with { Trespass = plan.Place.FindTrespass(Backend, request.Pod, policy) };
    }

    private static AllowedRoot Find(PublishRequest request, VolumePolicy policy)
    {
        var options = request.Options;
        var root = options.Find("root")?.TrimEnd('/');
        if (root is not null && !policy.Roots.Any(each => each.TrimEnd('/') == root))
            throw options.Wrong(
                Backend,
                "root",
                root,
                "one of the allowed roots of the node config, " + $"{string.Join(" or ", policy.Roots)},"
            );
        // A ".." of one option must not eat what another one, or the pod's name, put before it.
        var place = AllowedRoot.Find(Backend, options.Find("path") ?? DefaultPath(request, policy), policy, root);
        if (PerPod(request) is { } pod)
            place = place with { Inside = Join(place.Inside, pod) };
        return options.Find("subPath") is { } sub
            ? place with
            {
                Inside = Join(place.Inside, AllowedRoot.Find(Backend, sub.TrimStart('/'), policy).Inside),
            }
            : place;
    }

    private static string? PerPod(PublishRequest request)
    {
        if (request.Options.Find("perPod") == "name")
            return Name(request.Pod.Name, "the pod's name");
        return request.Options.Flag(Backend, "perPod", false) ? Name(request.Pod.Uid, "the pod's uid") : null;
    }

    private static string DefaultPath(PublishRequest request, VolumePolicy policy)
    {
        if (request.Pod.Namespace.Length == 0 && !policy.IsShared)
            throw new MissingNamespaceException(Backend);
        var volume = Name(request.Options.Find("name") ?? request.Name, "the volume's name");
        return $"{Name(request.Pod.Namespace, "the pod's namespace")}/{volume}";
    }

    private static string Name(string name, string what) =>
        name.Length > 0 && name is not ("." or "..") && !name.Contains('/', StringComparison.Ordinal)
            ? name
            : throw new VolumeException(
                $"{Backend}: {what} is {(name.Length == 0 ? "unknown" : $"\"{ShortText.Of(name)}\"")}, "
                    + "but is a part of the path; it must be one name"
            );

    private static string Join(string first, string second) => first.Length == 0 ? second : $"{first}/{second}";
}
