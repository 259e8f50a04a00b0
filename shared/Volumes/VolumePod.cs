namespace Plugboard.Volumes;

/// <summary>The pod that a volume is for; texts are empty where the caller did not tell.</summary>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Name">Its name.</param>
/// <param name="Uid">Its unique id.</param>
/// <param name="ServiceAccount">Its service account's name.</param>
public sealed record VolumePod(string Namespace, string Name, string Uid, string ServiceAccount)
{
    /// <summary>Nobody.</summary>
    public static VolumePod Unknown { get; } = new("", "", "", "");
}
