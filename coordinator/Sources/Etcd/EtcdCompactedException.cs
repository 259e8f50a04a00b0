namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>etcd compacted the requested revision.</summary>
internal sealed class EtcdCompactedException : Exception
{
    public EtcdCompactedException()
        : base("etcd compacted the requested revision") { }
}
