using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Coordinator.Sources.Etcd;

/// <summary>
/// All leases as last read. An invalid value removes nothing: its key reserves the networks, and its earlier value stays in force.
/// </summary>
/// <param name="prefix">The prefix of all leases.</param>
/// <param name="complaints">Gets a line for each key that is ignored or has an invalid value.</param>
internal sealed class LeaseTable(string prefix, Complaints complaints)
{
    private const int LongestShown = 128;

    private Dictionary<string, (EtcdEntry Entry, SubnetLease Lease)> leases = new(StringComparer.Ordinal);

    /// <summary>The prefix of all leases.</summary>
    public string Prefix => prefix;

    /// <summary>All of them.</summary>
    public IEnumerable<(EtcdEntry Entry, SubnetLease Lease)> All => leases.Values;

    /// <summary>The last part of a lease's key; null: the key is not one of a lease.</summary>
    public string? NameOf(EtcdEntry entry) => entry.Key.StartsWith(prefix, StringComparison.Ordinal) ? entry.Key[prefix.Length..] : null;

    /// <summary>The lease of a key's last part; null if absent.</summary>
    public (EtcdEntry Entry, SubnetLease Lease)? Find(string name) => leases.TryGetValue(name, out var found) ? found : null;

    /// <summary>Those with one of these addresses. Of several, that with the networks comes first, then the first by address.</summary>
    public List<(EtcdEntry Entry, SubnetLease Lease)> Of(ValueArray<IPAddr> addresses, ValueArray<IPPrefix> subnets) =>
        leases
            .Values.Where(found => found.Lease.Node.Addresses.Any(addresses.Contains))
            .OrderByDescending(found => found.Lease.Subnets == subnets)
            .ThenBy(found => addresses.TakeWhile(address => !found.Lease.Node.Addresses.Contains(address)).Count())
            .ThenBy(found => found.Entry.Key, StringComparer.Ordinal)
            .ToList();

    /// <summary>Everything was read. Returns the leases that were there before and are not now.</summary>
    public List<(EtcdEntry Entry, SubnetLease Lease)> Load(IEnumerable<EtcdEntry> entries)
    {
        var before = leases;
        leases = new Dictionary<string, (EtcdEntry Entry, SubnetLease Lease)>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            if (NameOf(entry) is { } name)
                Read(entry, name, before.GetValueOrDefault(name).Lease);
        }

        return before.Where(found => !leases.ContainsKey(found.Key)).Select(static found => found.Value).ToList();
    }

    /// <summary>A lease was written or deleted.</summary>
    public void Apply(EtcdEntry entry)
    {
        if (NameOf(entry) is not { } name)
            return;
        leases.Remove(name, out var before);
        if (entry.Value is not null)
            Read(entry, name, before.Lease);
    }

    /// <summary>This node wrote it.</summary>
    public void Set(EtcdEntry entry, SubnetLease lease) => leases[lease.Key] = (entry, lease);

    private void Read(EtcdEntry entry, string name, SubnetLease? before)
    {
        ValueArray<IPPrefix> subnets = [];
        try
        {
            subnets = SubnetLease.ParseKey(name);
            var node = SubnetLease.ParseValue(entry.Value!);
            leases[name] = (
                entry,
                new SubnetLease
                {
                    Key = name,
                    Subnets = subnets,
                    Node = node.Addresses.Count > 0 ? node : throw new FormatException("the value has neither PublicIP nor PublicIPv6"),
                }
            );
            if (SubnetLease.FindFault(entry.Value!) is { } fault)
                complaints.Add($"etcd's key {Complaints.Quote(entry.Key, LongestShown)}: {fault}");
        }
        catch (FormatException e) when (subnets.Count == 0)
        {
            complaints.Add($"etcd's key {Complaints.Quote(entry.Key, LongestShown)} is ignored: {e.Message}");
        }
        catch (FormatException e)
        {
            leases[name] = (
                entry,
                new SubnetLease
                {
                    Key = name,
                    Subnets = subnets,
                    Node = before?.Node ?? new NodeAdvertisement { BackendType = "" },
                    IsBroken = true,
                }
            );
            complaints.Add(
                $"etcd's key {Complaints.Quote(entry.Key, LongestShown)}: {e.Message}; "
                    + $"{(before is null ? "its node is not known" : "its last valid value stays in force")}"
            );
        }
    }
}
