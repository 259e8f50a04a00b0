using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes.Local;

/// <summary>What a <c>local</c> volume's options come to. Pure.</summary>
internal sealed record LocalPlan
{
    private const string Backend = "local";
    private static readonly string[] known = ["path", "name", "subPath", "create", "mode", "uid", "gid", "perPod", "quota", "readOnly"];

    /// <summary>The directory that the pod sees.</summary>
    public required AllowedRoot Place { get; init; }

    /// <summary>It is made where it is missing.</summary>
    public bool Create { get; init; }

    /// <summary>The mode of a directory that is made.</summary>
    public uint Mode { get; init; }

    /// <summary>The owner of a directory that is made; null: root.</summary>
    public uint? Uid { get; init; }

    /// <summary>The group of a directory that is made; null: root's.</summary>
    public uint? Gid { get; init; }

    /// <summary>How many bytes may be in it; null: as many as there is room for.</summary>
    public long? Quota { get; init; }

    /// <summary>What the mount gets.</summary>
    public MountAttributes Attributes { get; init; }

    public static LocalPlan From(PublishRequest request, VolumePolicy policy)
    {
        var options = request.Options;
        options.RequireKnown(Backend, known);
        var path = options.Find("path");
        var sub = options.Find("subPath");
        var plan = new LocalPlan
        {
            Create = options.Flag(Backend, "create", path is null),
            Mode = options.Mode(Backend, "mode") ?? 0x1f8,
            Uid = options.Id(Backend, "uid"),
            Gid = options.Id(Backend, "gid") ?? request.FsGroup,
            Quota = options.Size(Backend, "quota"),
            Attributes = policy.ForcedAttributes | (request.ReadOnly | options.Flag(Backend, "readOnly", false) ? MountAttributes.ReadOnly : MountAttributes.None),
            Place = default,
        };
        var perPod = options.Flag(Backend, "perPod", false);
        path ??= DefaultPath(request);
        // A ".." of one option must not eat what another one, or the pod's name, put before it.
        var place = AllowedRoot.Find(Backend, path, policy);
        if (perPod)
            place = place with { Inside = Join(place.Inside, Name(request.Pod.Uid, "the pod's uid")) };
        if (sub is not null)
            place = place with { Inside = Join(place.Inside, AllowedRoot.Find(Backend, sub.TrimStart('/'), policy).Inside) };
        return plan with { Place = place };
    }

    private static string DefaultPath(PublishRequest request) => $"{Name(request.Pod.Namespace, "the pod's namespace")}/{Name(request.Options.Find("name") ?? request.Name, "the volume's name")}";

    private static string Name(string name, string what) => name.Length > 0 && name is not ("." or "..") && !name.Contains('/', StringComparison.Ordinal)
        ? name
        : throw new VolumeException($"{Backend}: {what} is not known, and the default path is made of it; set option \"path\"");

    private static string Join(string first, string second) => first.Length == 0 ? second : $"{first}/{second}";
}
