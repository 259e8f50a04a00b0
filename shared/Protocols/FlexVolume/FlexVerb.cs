namespace Plugboard.Protocols.FlexVolume;

/// <summary>
/// The calls that kubelet and the controller manager make. Source: k8s.io/kubernetes/pkg/volume/flexvolume/driver-call.go.
/// </summary>
public enum FlexVerb
{
    /// <summary>A call that no version of the contract has.</summary>
    Unknown,

    /// <summary>What the driver can.</summary>
    Init,

    /// <summary>Its answer is not used; only whether it fails.</summary>
    GetVolumeName,

    /// <summary>On the control plane: attach to a node.</summary>
    Attach,

    /// <summary>On the node: wait until it is attached.</summary>
    WaitForAttach,

    /// <summary>On the control plane.</summary>
    IsAttached,

    /// <summary>On the control plane.</summary>
    Detach,

    /// <summary>On the node: mount an attached device once for all pods.</summary>
    MountDevice,

    /// <summary>Takes that away.</summary>
    UnmountDevice,

    /// <summary>Mount for one pod.</summary>
    Mount,

    /// <summary>Takes that away.</summary>
    Unmount,

    /// <summary>On the control plane: a claim was made larger.</summary>
    ExpandVolume,

    /// <summary>On the node: make the filesystem larger.</summary>
    ExpandFs,
}
