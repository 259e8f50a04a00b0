using Plugboard.Volumes.Options;

namespace Plugboard.Volumes;

/// <summary>A request to enlarge a volume.</summary>
/// <param name="Target">The volume's mount point.</param>
/// <param name="Options">The options of the volume; may be empty if the caller no longer has them.</param>
/// <param name="Bytes">The least size.</param>
public sealed record ExpandRequest(string Target, VolumeOptions Options, long Bytes);
