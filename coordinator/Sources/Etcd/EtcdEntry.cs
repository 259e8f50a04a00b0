namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>A key of etcd's with its value.</summary>
/// <param name="Key">The whole key.</param>
/// <param name="Value">Its value; null: it was deleted.</param>
/// <param name="ModRevision">The revision of its last change.</param>
/// <param name="Lease">The lease that it ends with; 0: it stays.</param>
internal sealed record EtcdEntry(string Key, string? Value, long ModRevision, long Lease);
