using Plugboard.Volumes.Options;

namespace Plugboard.Volumes;

/// <summary>What a pod is to have, and where.</summary>
/// <param name="Target">The directory to mount on: absolute.</param>
/// <param name="Options">The volume's options.</param>
public sealed record PublishRequest(string Target, VolumeOptions Options)
{
    /// <summary>The volume's name; of an inline volume it is unique in its pod only.</summary>
    public string Name { get; init; } = "";

    /// <summary>Nothing may be written.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>The filesystem to make and mount; empty: the backend's own choice.</summary>
    public string FsType { get; init; } = "";

    /// <summary>The group that the pod's processes share; null if it has none.</summary>
    public uint? FsGroup { get; init; }

    /// <summary>The pod.</summary>
    public VolumePod Pod { get; init; } = VolumePod.Unknown;

    /// <summary>Secrets by their keys.</summary>
    public IReadOnlyDictionary<string, Secret> Secrets { get; init; } = new Dictionary<string, Secret>(StringComparer.Ordinal);
}

/// <summary>The pod that a volume is for; texts are empty if the caller did not give them.</summary>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Name">Its name.</param>
/// <param name="Uid">Its unique id.</param>
/// <param name="ServiceAccount">Its service account's name.</param>
public sealed record VolumePod(string Namespace, string Name, string Uid, string ServiceAccount)
{
    /// <summary>No pod.</summary>
    public static VolumePod Unknown { get; } = new("", "", "", "");
}
