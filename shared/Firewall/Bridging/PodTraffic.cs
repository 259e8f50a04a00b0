using Plugboard.Addresses;
using Plugboard.Firewall.Pods;

namespace Plugboard.Firewall.Bridging;

/// <summary>What the rules say of one pod's traffic.</summary>
public sealed record PodTraffic
{
    private const string Masqueraded = "masquerade";
    private const string Mac = "mac";
    private const string BackendKey = "backend";
    private const string Iptables = "iptables";
    private const string Nftables = "nftables";

    /// <summary>The pod.</summary>
    public required Attachment Owner { get; init; }

    /// <summary>The addresses, with the length of their network, that are masqueraded.</summary>
    public IReadOnlyList<IPPrefix> MasqueradedAddresses { get; init; } = [];

    /// <summary>What masquerades. Hardware addresses are checked by nftables always.</summary>
    public FirewallBackend Backend { get; init; }

    /// <summary>The host's end of the pod's link; empty where it is not known.</summary>
    public string Link { get; init; } = "";

    /// <summary>The only hardware address that the link takes frames of; null: all.</summary>
    public MacAddress? OnlyMac { get; init; }

    /// <summary>The path of the pod's network namespace; empty where it is not known.</summary>
    public string NetNs { get; init; } = "";

    /// <summary>The same as a record.</summary>
    public PodRecord ToRecord()
    {
        var record = new PodRecord(Owner) { Link = Link, NetNs = NetNs };
        record.With(BackendKey, Backend == FirewallBackend.Iptables ? Iptables : Nftables);
        foreach (var address in MasqueradedAddresses)
            record.With(Masqueraded, address.ToString());
        return OnlyMac is { } mac ? record.With(Mac, mac.ToString()) : record;
    }

    /// <summary>True if all of a record can be read, and the pod has something by it; else it is not known what the pod has.</summary>
    public static bool IsWhole(PodRecord record)
    {
        var read = FromRecord(record);
        return record.Find(BackendKey) is Iptables or Nftables
            && read.MasqueradedAddresses.Count == record.List(Masqueraded).Count
            && record.Find(Mac) is null == read.OnlyMac is null
            && (read.MasqueradedAddresses.Count > 0 || read.OnlyMac is not null);
    }

    /// <summary>What a record says; lines that cannot be read are left out.</summary>
    public static PodTraffic FromRecord(PodRecord record)
    {
        var addresses = new List<IPPrefix>();
        foreach (var text in record.List(Masqueraded))
        {
            if (IPPrefix.TryParse(text, out var address))
                addresses.Add(address);
        }

        return new PodTraffic
        {
            Owner = record.Owner,
            MasqueradedAddresses = addresses,
            Backend = record.Find(BackendKey) == Iptables ? FirewallBackend.Iptables : FirewallBackend.Nftables,
            Link = record.Link,
            NetNs = record.NetNs,
            OnlyMac = record.Find(Mac) is { } mac && MacAddress.TryParse(mac, out var parsed) ? parsed : null,
        };
    }
}
