using Plugboard.Linux.Mounts;

namespace Plugboard.Volumes;

/// <summary>
/// What the node's administrator allows. A volume's options may come from any author of pods, and a backend is root: without the
/// administrator's configuration only these defaults hold.
/// </summary>
public sealed record VolumePolicy
{
    /// <summary>The directories that host paths may be in; a relative path is in the first.</summary>
    public IReadOnlyList<string> Roots { get; init; } = [];

    /// <summary>True if <see cref="Roots"/> is the default: the directory is then made where it is missing.</summary>
    public bool MakeRoot { get; init; }

    /// <summary>
    /// False: a pod gets only the directory with its own namespace's name below a root. True: every pod gets anything below the roots, even
    /// other pods' data.
    /// </summary>
    public bool IsShared { get; init; }

    /// <summary>
    /// Files of the node, absolute, that a volume may name as its credentials. A pod that names one acts on the server as the user in it.
    /// </summary>
    public IReadOnlyList<string> CredentialFiles { get; init; } = [];

    /// <summary>Servers that may be mounted from, <c>*</c> at the end of one standing for anything; null: every server.</summary>
    public IReadOnlyList<string>? Servers { get; init; }

    /// <summary>Mount options, by their names, that are allowed besides the backend's own list.</summary>
    public IReadOnlyList<string> AllowedMountOptions { get; init; } = [];

    /// <summary>Mount options, by their names, that are refused.</summary>
    public IReadOnlyList<string> ForbiddenMountOptions { get; init; } = [];

    /// <summary>Mount options that every mount gets, after those of the volume.</summary>
    public string ForcedMountOptions { get; init; } = "";

    /// <summary>What every mount gets; the administrator may lift either.</summary>
    public MountAttributes ForcedAttributes { get; init; } = MountAttributes.NoSuid | MountAttributes.NoDev;

    /// <summary>How long mounting may take.</summary>
    public TimeSpan MountTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long unmounting may take.</summary>
    public TimeSpan UnmountTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a call waits for another one's that works on the same volume; null: as long as mounting may take.</summary>
    public TimeSpan? LockTimeout { get; init; }

    /// <summary>Whether a mount whose server does not answer may be unmounted by force, which loses unwritten data.</summary>
    public bool ForceUnreachable { get; init; }

    /// <summary>Whether a target that other mount namespaces do not see is refused instead of mounted on.</summary>
    public bool RequireSharedPropagation { get; init; }

    /// <summary>Arguments for mkfs, by filesystem type.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> MkfsOptions { get; init; } =
        new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);

    /// <summary>The directory of the node agent, which the <c>uds</c> backend serves.</summary>
    public string ManagementHome { get; init; } = "/var/run/nodeagent";

    /// <summary>Where the pods' socket directories are: below <see cref="ManagementHome"/>.</summary>
    public string WorkloadHome { get; init; } = "/mount";

    /// <summary>Where the pods' credential files are: below <see cref="ManagementHome"/>.</summary>
    public string CredentialsHome { get; init; } = "/creds";

    /// <summary>Where locks are kept while calls run.</summary>
    public string LockDirectory { get; init; } = "/run/flexvolume/locks";

    /// <summary>Which calls mounts are made by.</summary>
    public MountApi MountApi { get; init; }
}
