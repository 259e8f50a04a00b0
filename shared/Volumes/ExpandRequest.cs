using Plugboard.Volumes.Options;

namespace Plugboard.Volumes;

/// <summary>A volume that is to be larger.</summary>
/// <param name="Target">The directory it is mounted on.</param>
/// <param name="Options">What the volume's author asked for; may be empty where the caller does not know any more.</param>
/// <param name="Bytes">How large it is to be at least.</param>
public sealed record ExpandRequest(string Target, VolumeOptions Options, long Bytes);
