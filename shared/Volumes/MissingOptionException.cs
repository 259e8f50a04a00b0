namespace Plugboard.Volumes;

/// <summary>An option that a backend cannot do without. How a user sets it depends on the protocol, which adds that.</summary>
/// <param name="backend">The backend's name.</param>
/// <param name="option">The option's name.</param>
public sealed class MissingOptionException(string backend, string option) : VolumeException($"{backend}: option \"{option}\" is missing")
{
    /// <summary>The option's name.</summary>
    public string Option { get; } = option;
}
