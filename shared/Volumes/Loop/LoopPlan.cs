using Plugboard.Linux.Mounts;
using Plugboard.Volumes.Options;

namespace Plugboard.Volumes.Loop;

/// <summary>What a <c>loop</c> volume's options come to. Pure.</summary>
internal sealed record LoopPlan
{
    private const string Backend = "loop";
    private static readonly string[] known =
    [
        "file",
        "directory",
        "size",
        "create",
        "preallocate",
        "fsType",
        "mountOptions",
        "discard",
        "directIO",
        "fsck",
        "readOnly",
    ];
    private static readonly string[] allowedWords =
    [
        "discard",
        "nodiscard",
        "commit",
        "data",
        "barrier",
        "compress",
        "compress-force",
        "ssd",
        "nobarrier",
        "logbsize",
        "inode64",
        "errors",
        "noload",
        "norecovery",
        "nouuid",
        "rescue",
        "acl",
        "noacl",
        "user_xattr",
        "nouser_xattr",
    ];

    /// <summary>The image file.</summary>
    public required AllowedRoot Image { get; init; }

    /// <summary>Why the pod may not have it; null if it may.</summary>
    public VolumeException? Trespass { get; init; }

    /// <summary>What is in it: ext4, xfs or btrfs.</summary>
    public required string FsType { get; init; }

    /// <summary>It is made where it is missing, this large; null: it must be there.</summary>
    public long? CreateSize { get; init; }

    /// <summary>Its space is taken from the filesystem when it is made.</summary>
    public bool Preallocate { get; init; }

    /// <summary>The device reads and writes past the page cache.</summary>
    public bool DirectIO { get; init; }

    /// <summary>An ext4 filesystem is checked before it is mounted for writing.</summary>
    public bool Check { get; init; }

    /// <summary>The mount's attributes, and the filesystem's parameters.</summary>
    public required MountWords Words { get; init; }

    public bool ReadOnly => Words.Attributes.HasFlag(MountAttributes.ReadOnly);

    public static LoopPlan From(PublishRequest request, VolumePolicy policy)
    {
        var options = request.Options;
        options.RequireKnown(Backend, known);
        var file = options.Find("directory") is { } directory
            ? $"{directory.TrimEnd('/')}/{options.Get(Backend, "file").TrimStart('/')}"
            : options.Get(Backend, "file");
        var size = options.Size(Backend, "size");
        var create = options.Flag(Backend, "create", size is not null);
        var words = MountWords.Parse(Backend, options.Find("mountOptions"), allowedWords, policy);
        if (options.Flag(Backend, "discard", false))
            words = words with { Parameters = [.. words.Parameters, new MountParameter("discard", null)] };
        words = words.With(policy.ForcedMountOptions);
        var readOnly = request.ReadOnly | options.Flag(Backend, "readOnly", false) ? MountAttributes.ReadOnly : MountAttributes.None;
        var plan = new LoopPlan
        {
            Image = AllowedRoot.Find(Backend, file, policy),
            FsType = FsTypeOf(options.Find("fsType") ?? request.FsType),
            CreateSize = create ? size ?? throw new MissingOptionException(Backend, "size") : null,
            Preallocate = options.Flag(Backend, "preallocate", false),
            DirectIO = options.Flag(Backend, "directIO", false),
            Check = options.Find("fsck") switch
            {
                null or "auto" => true,
                "never" => false,
                var value => throw options.Wrong(Backend, "fsck", value, "\"auto\" or \"never\""),
            },
            Words = words with { Attributes = words.Attributes | policy.ForcedAttributes | readOnly },
        };
        return plan.Image.Inside.Length > 0
            ? plan with
            {
                Trespass = plan.Image.FindTrespass(Backend, request.Pod, policy) ?? plan.FindClash(request.Pod, policy),
            }
            : throw options.Wrong(Backend, "file", file, "a file below the allowed root");
    }

    // An image of the directory's name would leave no place for the namespace's other images.
    private VolumeException? FindClash(VolumePod pod, VolumePolicy policy) =>
        policy.IsShared || Image.Inside != pod.Namespace
            ? null
            : new VolumeException($"{Backend}: {Image} is the directory of the pod's namespace; name a file below it in option \"file\"");

    private static string FsTypeOf(string text) =>
        text switch
        {
            // The kernel's ext4 mounts its forerunners; their drivers are gone.
            "" or "ext3" or "ext2" => "ext4",
            "ext4" or "xfs" or "btrfs" => text,
            _ => throw new VolumeException($"{Backend}: fsType is \"{ShortText.Of(text)}\"; \"ext4\", \"xfs\" or \"btrfs\" is wanted"),
        };
}
