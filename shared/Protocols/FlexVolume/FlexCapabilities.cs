namespace Plugboard.Protocols.FlexVolume;

/// <summary>
/// What <c>init</c> tells of a driver. All five are always told: what is left out means true to kubelet, and null makes it panic.
/// </summary>
public sealed record FlexCapabilities
{
    /// <summary>Volumes are attached to nodes by the controller manager first.</summary>
    public bool Attach { get; init; }

    /// <summary>The container runtime relabels the files for SELinux.</summary>
    public bool SELinuxRelabel { get; init; } = true;

    /// <summary>kubelet may ask how full the volume is.</summary>
    public bool SupportsMetrics { get; init; } = true;

    /// <summary>kubelet gives all files to the pod's fsGroup.</summary>
    public bool FSGroup { get; init; }

    /// <summary>The node must grow the filesystem after the volume was grown.</summary>
    public bool RequiresFSResize { get; init; }
}
