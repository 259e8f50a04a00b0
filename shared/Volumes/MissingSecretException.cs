namespace Plugboard.Volumes;

/// <summary>A secret that a backend cannot do without. How a user gives it depends on the protocol, which adds that.</summary>
/// <param name="backend">The backend's name.</param>
/// <param name="key">The key that is missing.</param>
public sealed class MissingSecretException(string backend, string key) : VolumeException($"{backend}: no {key} in the Secret");
