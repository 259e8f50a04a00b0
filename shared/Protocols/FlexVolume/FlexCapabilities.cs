namespace Plugboard.Protocols.FlexVolume;

/// <summary>
/// The capabilities of a driver in the answer to <c>init</c>. All five are always present: kubelet takes a missing one for true, and panics
/// if all are missing.
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
