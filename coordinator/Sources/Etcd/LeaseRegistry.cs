using System.Text;
using Plugboard.Addresses;
using Plugboard.Coordinator.Cluster;
using Plugboard.Coordinator.Configuration;
using Plugboard.Coordinator.Configuration.Documents;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>
/// flannel's keys as they were seen last, and the store that shows them: each lease of another node as a peer under its key, this node's
/// under its name. Its callers come from two tasks; each method is one step.
/// </summary>
internal sealed class LeaseRegistry(EtcdOptions options, NodeStore store, Action<string> log)
{
    private const int LongestShown = 128;

    private readonly Lock step = new();
    private readonly Dictionary<string, (EtcdEntry Entry, SubnetLease Lease)> leases = new(StringComparer.Ordinal);
    private readonly Complaints complaints = new(log);
    private NodeAdvertisement? advertised;
    private ValueArray<IPAddr> ownAddresses = [];
    private ValueArray<IPPrefix> previous = options.PreviousSubnets;
    private OwnLease? own;
    private NetConf? network;
    private DocumentNode? saidNetwork;
    private string? configFault;
    private string? leaseFault;
    private long revision;

    /// <summary>The key of the cluster's network.</summary>
    public string ConfigKey => $"{options.Prefix}/config";

    /// <summary>What the keys of all leases begin with.</summary>
    public string LeasePrefix => $"{options.Prefix}/subnets/";

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

    /// <summary>The cluster's network.</summary>
    /// <exception cref="FormatException">There is none yet.</exception>
    public NetConf Network
    {
        get
        {
            lock (step)
                return network ?? throw new FormatException(configFault ?? $"etcd has no key {ConfigKey}");
        }
    }

    /// <summary>The revision that what is here is of.</summary>
    public long Revision
    {
        get
        {
            lock (step)
                return revision;
        }
    }

    /// <summary>All networks that are leased or reserved, and the revision at which they are.</summary>
    public (List<IPPrefix> Subnets, long Revision) Taken()
    {
        lock (step)
            return (leases.Values.SelectMany(found => found.Lease.Subnets).ToList(), revision);
    }

    /// <summary>
    /// The leases of this node's addresses. One whose value somebody broke is this node's where it has the networks that this node had.
    /// </summary>
    public List<(EtcdEntry Entry, SubnetLease Lease)> FindOurs()
    {
        lock (step)
            return leases.Values.Where(found => IsOurs(found.Lease) || (found.Lease.IsBroken && found.Lease.Subnets == previous)).ToList();
    }

    /// <summary>
    /// Everything below the prefix, read at once. Where the configuration is missing nobody is taken for gone: it is another etcd, or an
    /// empty one.
    /// </summary>
    /// <exception cref="EtcdException">The configuration is missing.</exception>
    public void Load(EtcdList list)
    {
        lock (step)
        {
            if (!list.Entries.Any(entry => entry.Key == ConfigKey))
                throw new EtcdException($"etcd has no key {ConfigKey}: flannel's net-conf.json belongs there");
            var before = leases.ToDictionary(StringComparer.Ordinal);
            leases.Clear();
            revision = list.Revision;
            foreach (var entry in list.Entries)
                Take(entry, before.GetValueOrDefault(entry.Key[Math.Min(LeasePrefix.Length, entry.Key.Length)..]).Lease);
            if (own is { } mine && !leases.ContainsKey(mine.Key))
                Lose("is gone");
            FindAdvertised();
            Publish();
        }
    }

    /// <summary>Changes that the watch tells, in their order.</summary>
    /// <returns>True where this node's lease or the configuration is another now: whoever keeps it has to look.</returns>
    public bool Apply(EtcdList changes)
    {
        lock (step)
        {
            var (before, networkBefore) = (own, network);
            // A list that was read meanwhile may be ahead of the watch.
            var known = revision;
            foreach (var entry in changes.Entries.Where(entry => entry.ModRevision > known))
                Apply(entry);
            revision = Math.Max(revision, changes.Revision);
            return own != before || network != networkBefore;
        }
    }

    /// <summary>Who this node is to the others: leases with one of its addresses are its own and no peers.</summary>
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
    /// This node only looks: a lease with one of these addresses is its own, and nothing is leased. Those that come first count most.
    /// </summary>
    public void Recognise(ValueArray<IPAddr> addresses)
    {
        lock (step)
            ownAddresses = addresses;
    }

    /// <summary>This node's lease is in etcd.</summary>
    public void SetOwn(OwnLease lease, NodeAdvertisement node)
    {
        lock (step)
        {
            own = lease;
            previous = lease.Subnets;
            leases[lease.Key] = (
                new EtcdEntry(LeasePrefix + lease.Key, lease.Value, lease.ModRevision, lease.Lease),
                new SubnetLease { Subnets = lease.Subnets, Node = node }
            );
            Publish();
        }
    }

    /// <summary>This node's lease is no more what it was seen as; it stays on the store until there is another.</summary>
    public void ForgetOwn()
    {
        lock (step)
            own = null;
    }

    /// <summary>Why this node has no lease, or cannot keep it; null: it has.</summary>
    public void SetLeaseFault(string? why)
    {
        lock (step)
        {
            leaseFault = why;
            ShowSourceError();
        }
    }

    private void Apply(EtcdEntry entry)
    {
        if (entry.Key == ConfigKey)
        {
            ReadConfig(entry);
            ShowSourceError();
            return;
        }

        if (!entry.Key.StartsWith(LeasePrefix, StringComparison.Ordinal))
            return;
        var name = entry.Key[LeasePrefix.Length..];
        leases.Remove(name, out var before);
        if (entry.Value is not null)
            Take(entry, before.Lease);
        if (own is { } mine && mine.Key == name && entry.ModRevision > mine.ModRevision)
            Follow(mine, name, entry);
        if (leases.TryGetValue(name, out var found) && !IsOurs(found.Lease))
            store.Set(found.Lease.ToNode(name));
        else
            store.Remove(name);
    }

    // What somebody did to this node's lease: this program before the answer came, the operator, or a flanneld.
    private void Follow(OwnLease mine, string name, EtcdEntry entry)
    {
        if (!leases.TryGetValue(name, out var found))
            Lose("was deleted or has ended");
        else if (!IsOurs(found.Lease) && !found.Lease.IsBroken)
            Lose($"was given to {found.Lease.Node.Addresses}");
        else
            own = mine with { Value = entry.Value!, ModRevision = entry.ModRevision, Lease = entry.Lease };
    }

    private void Lose(string how)
    {
        log($"the lease {own!.Key} {how}: another is acquired, this one if it is free");
        own = null;
    }

    // A value that cannot be read takes nothing away: its key says that the networks are taken, and what it told before stays in force.
    private void Take(EtcdEntry entry, SubnetLease? before)
    {
        if (entry.Key == ConfigKey)
        {
            ReadConfig(entry);
            return;
        }

        if (!entry.Key.StartsWith(LeasePrefix, StringComparison.Ordinal))
            return;
        var name = entry.Key[LeasePrefix.Length..];
        ValueArray<IPPrefix> subnets = [];
        try
        {
            subnets = SubnetLease.ParseKey(name);
            var node = SubnetLease.ParseValue(entry.Value!);
            leases[name] = (
                entry,
                new SubnetLease
                {
                    Subnets = subnets,
                    Node = node.Addresses.Count > 0 ? node : throw new FormatException("the value has neither PublicIP nor PublicIPv6"),
                }
            );
        }
        catch (FormatException e) when (subnets.Count == 0)
        {
            complaints.Add($"etcd's key {Complaints.Quote(entry.Key, LongestShown)} is left out: {e.Message}");
        }
        catch (FormatException e)
        {
            leases[name] = (
                entry,
                new SubnetLease
                {
                    Subnets = subnets,
                    Node = before?.Node ?? new NodeAdvertisement { BackendType = "" },
                    IsBroken = true,
                }
            );
            complaints.Add(
                $"etcd's key {Complaints.Quote(entry.Key, LongestShown)}: {e.Message}; "
                    + $"{(before is null ? "its node is not known" : "what it said before stays in force")}"
            );
        }
    }

    private void ReadConfig(EtcdEntry entry)
    {
        if (entry.Value is null)
        {
            configFault = $"etcd's key {ConfigKey} was deleted: what it was stays in force";
            return;
        }

        try
        {
            var warnings = new List<string>();
            var said = NetConfReader.Keep(JsonDocumentReader.Read(Encoding.UTF8.GetBytes(entry.Value)), saidNetwork, warnings);
            network = NetConfReader.Read(said, warnings);
            saidNetwork = said;
            configFault = null;
            foreach (var warning in warnings)
                complaints.Add($"etcd's key {ConfigKey}: {warning}");
            store.SetNetwork(network);
        }
        catch (FormatException e)
        {
            configFault = $"etcd's key {ConfigKey}: {e.Message}";
        }
    }

    // Of several, the one that subnet.env tells of; else the first by address.
    private void FindAdvertised()
    {
        if (ownAddresses.Count == 0)
            return;
        var ours = leases
            .Values.Where(found => found.Lease.Node.Addresses.Any(ownAddresses.Contains))
            .OrderByDescending(found => found.Lease.Subnets == previous)
            .ThenBy(found => ownAddresses.TakeWhile(address => !found.Lease.Node.Addresses.Contains(address)).Count())
            .ThenBy(found => found.Entry.Key, StringComparer.Ordinal)
            .ToList();
        leaseFault =
            ours.Count > 0
                ? null
                : $"this node has no lease in etcd yet, none has one of its addresses ({ownAddresses}): coordinator run acquires one";
        if (ours.Count == 0)
            return;
        var (entry, lease) = ours[0];
        advertised = lease.Node;
        own = new OwnLease
        {
            Subnets = lease.Subnets,
            Value = entry.Value!,
            ModRevision = entry.ModRevision,
            Lease = entry.Lease,
            RenewAt = long.MaxValue,
        };
    }

    private void Publish()
    {
        var nodes = leases.Where(found => !IsOurs(found.Value.Lease)).Select(found => found.Value.Lease.ToNode(found.Key)).ToList();
        if (own is { } mine && leases.TryGetValue(mine.Key, out var kept))
            nodes.Add(kept.Lease.ToNode(options.NodeName));
        else if (store.Current.Nodes.TryGetValue(options.NodeName, out var shown))
            nodes.Add(shown);
        store.Replace(nodes);
        ShowSourceError();
    }

    private void ShowSourceError() => store.SetSourceError(configFault ?? leaseFault);

    private bool IsOurs(SubnetLease lease) => advertised is not null && lease.Node.Addresses.Any(advertised.Addresses.Contains);
}
