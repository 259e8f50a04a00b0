using Plugboard.Coordinator.Cluster;

namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>
/// Leases that an etcd that was restored from an older state does not have. Each stays until its node writes it again, another lease has
/// its network, or it would have ended.
/// </summary>
/// <param name="lasts">How long a lease lasts without renewal.</param>
/// <param name="time">The clock.</param>
internal sealed class MissingLeases(TimeSpan lasts, TimeProvider time)
{
    private readonly Dictionary<string, (EtcdEntry Entry, SubnetLease Lease, long Since)> leases = new(StringComparer.Ordinal);

    /// <summary>All of them.</summary>
    public IEnumerable<(EtcdEntry Entry, SubnetLease Lease)> All => leases.Values.Select(static found => (found.Entry, found.Lease));

    /// <summary>Whether it is one of them, by the last part of its key.</summary>
    public bool Has(string name) => leases.ContainsKey(name);

    /// <summary>These are missing from now on.</summary>
    public void Add(IEnumerable<(EtcdEntry Entry, SubnetLease Lease)> gone)
    {
        foreach (var (entry, lease) in gone)
            leases[lease.Key] = (entry, lease, time.GetTimestamp());
    }

    /// <summary>Everything was read: removes those whose networks etcd has again, and those that would have ended.</summary>
    public void Compare(LeaseTable table)
    {
        if (leases.Count == 0)
            return;
        var register = new PodCidrRegister();
        foreach (var (_, lease) in table.All)
            IsTaken(lease);
        foreach (var (name, found) in leases.ToList())
        {
            if (IsTaken(found.Lease) || time.GetElapsedTime(found.Since) > lasts)
                leases.Remove(name);
        }

        bool IsTaken(SubnetLease lease)
        {
            var isTaken = false;
            foreach (var cidr in lease.Subnets)
                isTaken |= register.TryTake(cidr, lease.Key) is not null;
            return isTaken;
        }
    }

    /// <summary>A lease was written: removes those with its networks; returns their names.</summary>
    public List<string> Remove(SubnetLease written)
    {
        var names = leases
            .Where(found => found.Value.Lease.Subnets.Any(cidr => written.Subnets.Any(cidr.Overlaps)))
            .Select(static found => found.Key)
            .ToList();
        foreach (var name in names)
            leases.Remove(name);
        return names;
    }
}
