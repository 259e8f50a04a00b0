namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>Keys at one moment, or what changed since the one before.</summary>
/// <param name="Revision">The moment.</param>
/// <param name="Entries">The keys.</param>
internal sealed record EtcdList(long Revision, IReadOnlyList<EtcdEntry> Entries)
{
    /// <summary>The cluster's number, in a list; a restore from a snapshot gives another.</summary>
    public string ClusterId { get; init; } = "";
}
