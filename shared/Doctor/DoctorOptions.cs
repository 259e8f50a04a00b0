using Plugboard.Linux.Namespaces;

namespace Plugboard.Doctor;

/// <summary>Which node is examined, and where it keeps what. Paths are the node's own, without its root.</summary>
public sealed record DoctorOptions
{
    /// <summary>Where the node's root directory is seen.</summary>
    public string HostRoot { get; init; } = "/";

    /// <summary>A process of the node, among whose mounts plugins are executed where the root is seen elsewhere.</summary>
    public string HostProcess { get; init; } = HostMounts.FirstProcess;

    /// <summary>Where the runtime looks for plugins, in its order; null: where its configuration says.</summary>
    public IReadOnlyList<string>? BinDirectories { get; init; }

    /// <summary>Where the runtime looks for network configs; null: where its configuration says.</summary>
    public string? ConfDirectory { get; init; }

    /// <summary>Where the runtime remembers what it attached.</summary>
    public string CacheDirectory { get; init; } = "/var/lib/cni/results";

    /// <summary>Where host-local keeps its leases unless a config says otherwise.</summary>
    public string DataDirectory { get; init; } = "/var/lib/cni/networks";

    /// <summary>kubelet's directory.</summary>
    public string KubeletDirectory { get; init; } = "/var/lib/kubelet";

    /// <summary>Where images for loop devices may be: the FlexVolume driver's allowed roots.</summary>
    public IReadOnlyList<string> VolumeRoots { get; init; } = ["/var/lib/flexvolume"];

    /// <summary>flannel's config for all nodes, where it is a file on the node.</summary>
    public string NetConfFile { get; init; } = "/etc/kube-flannel/net-conf.json";

    /// <summary>JSON for programs, else a table for people.</summary>
    public bool IsJson { get; init; }

    /// <summary>Do what is safe.</summary>
    public bool Fix { get; init; }

    /// <summary>How old a lease or a temporary file is before it is anything but work in progress.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long to wait for what may be a moment's state before the second look.</summary>
    public TimeSpan SecondLook { get; init; } = TimeSpan.FromMilliseconds(700);

    /// <summary>
    /// A path of the node as this process sees it. /var/run is a link to /run everywhere, and an absolute one would lead out of the node's
    /// root.
    /// </summary>
    internal string Under(string path) =>
        HostRoot.TrimEnd('/') + (path.StartsWith("/var/run/", StringComparison.Ordinal) ? path["/var".Length..] : path);
}
