namespace Plugboard.Coordinator.Files;

/// <summary>Where the files are that the CNI plugins and the runtime read.</summary>
internal sealed record FilesOptions
{
    /// <summary>What the flannel plugin reads.</summary>
    public required string SubnetFile { get; init; }

    /// <summary>Where the last confirmed state is kept over a restart of the machine.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>The runtime's configuration; empty: another program writes it.</summary>
    public string ConflistFile { get; init; } = "";

    /// <summary>What is in it: <c>flannel</c>, <c>bridge</c>, or the path of a template.</summary>
    public string ConflistTemplate { get; init; } = "flannel";

    /// <summary>Where the plugins are.</summary>
    public IReadOnlyList<string> PluginDirectories { get; init; } = ["/opt/cni/bin"];

    /// <summary>The coordinator masquerades, so the plugins do not: <c>FLANNEL_IPMASQ</c>.</summary>
    public bool Masquerades { get; init; }
}
