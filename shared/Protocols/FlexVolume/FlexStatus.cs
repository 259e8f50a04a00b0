namespace Plugboard.Protocols.FlexVolume;

/// <summary>How a call ended.</summary>
public enum FlexStatus
{
    /// <summary>Done, or it was so already.</summary>
    Success,

    /// <summary>Not done; kubelet tries again.</summary>
    Failure,

    /// <summary>The driver never does this: kubelet remembers it and does it in its own way.</summary>
    NotSupported,
}
