using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>
/// flannel's keys as last read, and the store that shows them: each lease of another node as a peer under its key, this node's under its
/// name. Its callers come from two tasks; each method is one step.
/// </summary>
internal sealed class LeaseRegistry(EtcdOptions options, NodeStore store, TimeProvider time, Action<string> log)
{
    private readonly Lock step = new();
    private readonly Complaints complaints = new(log);
    private readonly ConfigKey config = new($"{options.Prefix}/config", store, log);
    private readonly LeaseTable leases = new($"{options.Prefix}/subnets/", new Complaints(log));
    private readonly MissingLeases missing = new(options.LeaseTime, time);
    private NodeAdvertisement? advertised;
    private ValueArray<IPAddr> ownAddresses = [];
    private ValueArray<IPAddr> expected = [];
    private ValueArray<IPPrefix> previous = options.PreviousSubnets;
    private OwnLease? own;
    private bool hadOwn;
    private (NodeAdvertisement Said, NodeAdvertisement Kept)? takenOver;
    private string? leaseFault;
    private long revision;
    private string? clusterId;

    /// <summary>Whether another process writes this node's lease too.</summary>
    public LeaseContest Contest { get; } = new(log);

    /// <summary>The prefix of all leases.</summary>
    public string LeasePrefix => leases.Prefix;

    /// <summary>This node's lease; null: it has none, or lost it.</summary>
    public OwnLease? Own
    {
        get
        {
            lock (step)
                return own;
        }
    }

    /// <summary>The networks that this node had last.</summary>
    public ValueArray<IPPrefix> Previous
    {
        get
        {
            lock (step)
                return previous;
        }
    }

    /// <summary>A line for the log.</summary>
    public void Log(string line) => log(line);

    /// <summary>A line for the log, once.</summary>
    public void Complain(string line)
    {
        lock (step)
            complaints.Add(line);
    }

    /// <summary>The cluster network.</summary>
    /// <exception cref="FormatException">The cluster network is not known yet.</exception>
    public NetConf Network
    {
        get
        {
            lock (step)
                return config.Network ?? throw new FormatException(config.Fault ?? $"etcd has no key {config.Key}");
        }
    }

    /// <summary>The revision of this data.</summary>
    public long Revision
    {
        get
        {
            lock (step)
                return revision;
        }
    }

    /// <summary>
    /// All networks that are leased or reserved, and the nodes' own addresses, which no pod network may hold; and the revision at which
    /// they are.
    /// </summary>
    public (List<IPPrefix> Subnets, long Revision) Taken()
    {
        lock (step)
        {
            var known = leases.All.Concat(missing.All).Select(static found => found.Lease).ToList();
            var addresses = known.SelectMany(static lease => lease.Node.Addresses).Concat(advertised?.Addresses ?? []);
            var taken = known.SelectMany(static lease => lease.Subnets);
            return ([.. taken, .. addresses.Select(static address => new IPPrefix(address, address.BitLength))], revision);
        }
    }

    /// <summary>
    /// The leases of this node's addresses. A lease with an invalid value is this node's if it has the networks that this node had.
    /// </summary>
    public List<(EtcdEntry Entry, SubnetLease Lease)> FindOurs()
    {
        lock (step)
            return leases.All.Where(found => IsOurs(found.Lease) || (found.Lease.IsBroken && found.Lease.Subnets == previous)).ToList();
    }

    /// <summary>Everything below the prefix, read at once, with the configuration.</summary>
    public void Load(EtcdList list)
    {
        lock (step)
        {
            config.Read(list.Entries.First(entry => entry.Key == config.Key));
            var gone = leases.Load(list.Entries);
            if (list.Revision < revision || list.ClusterId != (clusterId ?? list.ClusterId))
                KeepMissing(list.Revision, gone);
            missing.Compare(leases);
            (revision, clusterId) = (list.Revision, list.ClusterId);
            if (own is { } mine)
                Compare(mine);
            FindAdvertised();
            Publish();
        }
    }

    // flanneld does not write its lease again before it must renew it.
    private void KeepMissing(long now, IEnumerable<(EtcdEntry Entry, SubnetLease Lease)> gone)
    {
        var kept = gone.Where(found => !IsOurs(found.Lease)).ToList();
        missing.Add(kept);
        log(
            $"etcd was restored from an older state, or is another cluster (revision {revision} before, {now} now): {kept.Count} nodes "
                + $"that it does not have stay for {options.LeaseTime.TotalHours} hours, until they return or another has their network"
        );
    }

    // While this node did not watch, another process may have changed its lease.
    private void Compare(OwnLease mine)
    {
        if (leases.Find(mine.Key) is not { } found)
            Lose("is gone");
        else if (found.Entry.ModRevision != mine.ModRevision || found.Entry.Value != mine.Value || found.Entry.Lease != mine.Lease)
            Follow(mine, found.Entry);
    }

    /// <summary>Applies a watch's changes, in order.</summary>
    /// <returns>True if this node's lease or the configuration changed: the lease's owner must look.</returns>
    public bool Apply(EtcdList changes)
    {
        lock (step)
        {
            var (before, networkBefore) = (own, config.Network);
            // A list that was read meanwhile may be ahead of the watch.
            var known = revision;
            foreach (var entry in changes.Entries.Where(entry => entry.ModRevision > known))
                Apply(entry);
            revision = Math.Max(revision, changes.Revision);
            return own != before || config.Network != networkBefore;
        }
    }

    /// <summary>Sets this node's addresses: leases with one of them are its own and no peers.</summary>
    public void SetAdvertised(NodeAdvertisement node)
    {
        lock (step)
        {
            var isSame = advertised is not null && advertised.Addresses == node.Addresses;
            advertised = node;
            if (!isSame && revision > 0)
                Publish();
        }
    }

    /// <summary>
    /// For a single look: a lease with one of these addresses is this node's, and nothing is leased. The first addresses take precedence.
    /// </summary>
    public void Recognise(ValueArray<IPAddr> addresses)
    {
        lock (step)
            ownAddresses = addresses;
    }

    /// <summary>
    /// For a run: until this node is advertised, a lease with one of these addresses is shown as this node's. The first addresses take
    /// precedence.
    /// </summary>
    public void Expect(ValueArray<IPAddr> addresses)
    {
        lock (step)
            expected = addresses;
    }

    /// <summary>
    /// This node's lease from before the start was found. The other nodes know the ends of its tunnels: they stay.
    /// </summary>
    /// <param name="said">What the node advertises without knowing the lease.</param>
    /// <param name="leased">What the lease says.</param>
    public void TakeOver(NodeAdvertisement said, NodeAdvertisement leased)
    {
        lock (step)
        {
            if (!hadOwn)
                takenOver = (
                    said,
                    said with
                    {
                        Vtep4 = SubnetLease.EndOf(said.Vtep4, leased.Vtep4),
                        Vtep6 = SubnetLease.EndOf(said.Vtep6, leased.Vtep6),
                    }
                );
        }
    }

    /// <summary>What the lease is to say, while the node may not know yet which lease was found.</summary>
    public NodeAdvertisement Wanted(NodeAdvertisement said)
    {
        lock (step)
            return takenOver is { } taken && taken.Said == said ? taken.Kept : said;
    }

    /// <summary>This node's lease as it is in etcd now.</summary>
    public void SetOwn(OwnLease lease, NodeAdvertisement node)
    {
        lock (step)
        {
            own = lease;
            hadOwn = true;
            previous = lease.Subnets;
            leases.Set(
                new EtcdEntry(LeasePrefix + lease.Key, lease.Value, lease.ModRevision, lease.Lease),
                new SubnetLease
                {
                    Key = lease.Key,
                    Subnets = lease.Subnets,
                    Node = node,
                }
            );
            Publish();
        }
    }

    /// <summary>When this etcd lease, if it is still this node's, must be renewed.</summary>
    public void SetRenewal(long lease, long renewAt)
    {
        lock (step)
        {
            if (own is { } mine && mine.Lease == lease)
                own = mine with { RenewAt = renewAt };
        }
    }

    /// <summary>This node's lease differs from its last reading; it stays in the store until there is another.</summary>
    public void ForgetOwn()
    {
        lock (step)
            own = null;
    }

    /// <summary>Why this node has no lease, or cannot keep it; null if it has.</summary>
    public void SetLeaseFault(string? why)
    {
        lock (step)
        {
            leaseFault = why;
            ShowErrors();
        }
    }

    private void Apply(EtcdEntry entry)
    {
        if (entry.Key == config.Key)
        {
            config.Read(entry);
            ShowErrors();
            return;
        }

        if (leases.NameOf(entry) is not { } name)
            return;
        // A configuration that is gone is the sign of an etcd that is emptied, not of nodes that left.
        if (config.IsGone && entry.Value is null && leases.Find(name) is { } gone && !IsOurs(gone.Lease))
            missing.Add([gone]);
        leases.Apply(entry);
        foreach (var one in leases.Find(name) is { } written ? missing.Remove(written.Lease) : [])
            Show(one);
        Show(name);
        if (own is { } mine && mine.Key == name && entry.ModRevision > mine.ModRevision)
            Follow(mine, entry);
    }

    private void Show(string name)
    {
        if (leases.Find(name) is { } found && !IsOurs(found.Lease))
            store.Set(found.Lease.ToNode(name));
        else if (!missing.Has(name))
            store.Remove(name);
    }

    // Another process changed this node's lease: this program before the response arrived, the operator, or a flanneld.
    private void Follow(OwnLease mine, EtcdEntry entry)
    {
        if (leases.Find(mine.Key) is not { } found)
            Lose("was deleted or has ended");
        else if (!IsOurs(found.Lease) && !found.Lease.IsBroken)
            Lose($"was given to {found.Lease.Node.Addresses}");
        else
            own = mine with
            {
                Value = entry.Value!,
                ModRevision = entry.ModRevision,
                Lease = entry.Lease,
                RenewAt = entry.Lease == mine.Lease ? mine.RenewAt : null,
            };
        if (own is { } kept && kept.Value != mine.Value)
            Contest.See(kept);
    }

    private void Lose(string how)
    {
        log($"the lease {own!.Key} {how}: another is acquired, this one if it is free");
        own = null;
    }

    private void FindAdvertised()
    {
        if (ownAddresses.Count == 0)
            return;
        var ours = leases.Of(ownAddresses, previous);
        leaseFault =
            ours.Count > 0 ? null
            : FindNetworkFault() is { } fault ? $"this node has no lease in etcd, and coordinator run cannot acquire one: {fault}"
            : $"this node has no lease in etcd yet, no lease has one of its addresses ({ownAddresses}): coordinator run acquires one";
        if (ours.Count == 0)
            return;
        var (entry, lease) = ours[0];
        advertised = lease.Node;
        own = new OwnLease
        {
            Key = lease.Key,
            Subnets = lease.Subnets,
            Value = entry.Value!,
            ModRevision = entry.ModRevision,
            Lease = entry.Lease,
            RenewAt = long.MaxValue,
        };
    }

    private string? FindNetworkFault()
    {
        try
        {
            if (config.Network is { } network)
                SubnetPicker.Pick(network, Taken().Subnets, previous, Random.Shared);
            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    private void Publish()
    {
        var shown = advertised is null ? leases.Of(expected, previous).Select(static found => found.Lease).FirstOrDefault() : null;
        var nodes = leases
            .All.Concat(missing.All)
            .Where(found => found.Lease != shown && !IsOurs(found.Lease))
            .Select(static found => found.Lease.ToNode(found.Lease.Key))
            .ToList();
        if (own is { } mine && leases.Find(mine.Key) is { } kept)
            // The key names all networks: one of an earlier lease is no longer this node's.
            nodes.Add(kept.Lease.ToNode(options.NodeName) with { SaysNoPods = true });
        else if (shown is not null)
            nodes.Add(shown.ToNode(options.NodeName));
        else if (store.Current.Nodes.TryGetValue(options.NodeName, out var last))
            nodes.Add(last);
        store.Replace(nodes);
        ShowErrors();
    }

    private void ShowErrors()
    {
        store.SetSourceError(config.Fault);
        store.SetPublishError(leaseFault);
    }

    private bool IsOurs(SubnetLease lease) => advertised is not null && lease.Node.Addresses.Any(advertised.Addresses.Contains);
}
