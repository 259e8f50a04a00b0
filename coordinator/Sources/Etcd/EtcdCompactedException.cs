namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>etcd has forgotten the changes that were asked for.</summary>
internal sealed class EtcdCompactedException : Exception
{
    public EtcdCompactedException()
        : base("etcd compacted the requested revision") { }
}
