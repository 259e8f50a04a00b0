namespace Plugboard.Volumes;

/// <summary>
/// The pod's namespace is missing, so its directory is unknown. The way to give it depends on the protocol, which adds that.
/// </summary>
/// <param name="backend">The backend's name.</param>
public sealed class MissingNamespaceException(string backend)
    : VolumeException($"{backend}: the pod's namespace is unknown, but a pod gets only its namespace's directory");
