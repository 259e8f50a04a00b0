namespace Plugboard.Runtimes;

/// <summary>Where a container runtime looks, by its configuration or its defaults. Paths are the host's own, without its root.</summary>
/// <param name="Runtime">Its name, for people: <c>containerd</c>, <c>CRI-O</c>, <c>k3s</c>, <c>RKE2</c>.</param>
/// <param name="BinDirectories">The directories of plugins, in the order in which it searches them; at least one.</param>
/// <param name="ConfDirectory">The directory of network configs.</param>
/// <param name="Source">What says so about the plugins: <c>/etc/containerd/config.toml, line 6</c>, or why it is a default.</param>
public sealed record RuntimePaths(string Runtime, IReadOnlyList<string> BinDirectories, string ConfDirectory, string Source)
{
    /// <summary>Upstream's directory of plugins.</summary>
    public const string UpstreamBinDirectory = "/opt/cni/bin";

    /// <summary>Debian's directory of plugins.</summary>
    public const string DebianBinDirectory = "/usr/lib/cni";

    /// <summary>Every runtime's default directory of network configs.</summary>
    public const string UsualConfDirectory = "/etc/cni/net.d";

    /// <summary>What of the configuration cannot be read, or has no effect: a sentence each, with file and line.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>The name of the only network that it uses (CRI-O's <c>cni_default_network</c>); null: it takes the first by name.</summary>
    public string? DefaultNetwork { get; init; }

    /// <summary>How many network configs it uses, the first by name (containerd's <c>max_conf_num</c>); 0: all of them.</summary>
    public int UsedConfigs { get; init; } = 1;

    /// <summary>
    /// The template of which it makes the network config once the kubelet has the node's podCIDR (containerd's <c>conf_template</c>);
    /// null: others make it.
    /// </summary>
    public string? Template { get; init; }

    /// <summary>The configuration could not be read: the paths are the runtime's defaults, which may be wrong.</summary>
    public bool IsAssumed { get; init; }

    /// <summary>
    /// The directories of plugins and what says so, as <c>/usr/lib/cni (containerd; /etc/containerd/config.toml, line 6)</c>.
    /// </summary>
    public string Describe() => $"{string.Join(':', BinDirectories)} ({Runtime}; {Source})";
}
