using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>This node's lease as it is in etcd.</summary>
internal sealed record OwnLease
{
    /// <summary>The last part of its key, as it is there: an operator may have written it in another way than flannel.</summary>
    public required string Key { get; init; }

    /// <summary>Its networks.</summary>
    public required ValueArray<IPPrefix> Subnets { get; init; }

    /// <summary>The value that is there.</summary>
    public required string Value { get; init; }

    /// <summary>The revision of its last change: it is changed only as it was seen last.</summary>
    public required long ModRevision { get; init; }

    /// <summary>etcd's lease that it ends with; 0: a reservation, which does not end.</summary>
    public required long Lease { get; init; }

    /// <summary>When it must be renewed, by <see cref="TimeProvider.GetTimestamp"/>; null: its end is unknown.</summary>
    public required long? RenewAt { get; init; }
}
