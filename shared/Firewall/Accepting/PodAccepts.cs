using Plugboard.Addresses;
using Plugboard.Firewall.Firewalld;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Linux;

namespace Plugboard.Firewall.Accepting;

/// <summary>Has pods accepted, by each backend. An address that another pod's record has too stays accepted.</summary>
/// <param name="records">The records of all pods.</param>
/// <param name="nftables">The kernel's nftables; null: it has none.</param>
/// <param name="firewalld">firewalld.</param>
internal sealed class PodAccepts(PodRecordStore records, NftablesClient? nftables, FirewalldZones firewalld)
{
    private static readonly bool[] families = [false, true];

    /// <summary>Has all addresses of a pod accepted.</summary>
    public void Add(AcceptedPod pod)
    {
        switch (pod.Backend)
        {
            case AcceptBackend.Iptables:
                foreach (var is6 in families)
                    AddByIptables(is6, pod);
                break;
            case AcceptBackend.Firewalld:
                foreach (var address in pod.Addresses)
                    firewalld.Add(pod.Zone, Source(address));
                break;
            default:
                OpenForwarding.Require(nftables, pod);
                break;
        }
    }

    private void AddByIptables(bool is6, AcceptedPod pod)
    {
        if (pod.Of(is6) is not { Count: > 0 } addresses)
            return;
        var client = Default(is6).Open();
        if (!client.IsNft || FindChain(is6) is not { } chain || !chain.TryAdd(addresses, pod.AdminChain))
            client.Change(table => AcceptRules.Add(table, addresses, pod.AdminChain));
    }

    // iptables-nft's chain; null where iptables-legacy has one too: its rules are only the tools' to read.
    private AcceptChain? FindChain(bool is6) =>
        nftables is null || LegacyTable.HasChain(is6, AcceptRules.Table, AcceptRules.Chain) ? null : new AcceptChain(nftables, is6);

    /// <summary>Ends that addresses of a pod are accepted; those that are not are passed over.</summary>
    /// <param name="pod">The pod, as it was accepted.</param>
    /// <param name="addresses">Of its addresses.</param>
    /// <exception cref="AggregateException">Several could not be removed.</exception>
    public void Remove(AcceptedPod pod, IReadOnlyList<IPAddr> addresses)
    {
        var failures = new Failures();
        if (pod.Backend == AcceptBackend.Iptables && addresses.Count > 0)
        {
            foreach (var place in IptablesPlace.With(nftables, AcceptRules.Chain))
                failures.Try(() => Remove(place, pod, addresses));
        }

        // Nothing else than a reload or the end of firewalld takes a source away, and both take all.
        if (pod.Backend == AcceptBackend.Firewalld)
        {
            foreach (var address in addresses.Except(OfOthers(pod)))
                failures.Try(() => firewalld.Remove(pod.Zone, Source(address)));
        }

        failures.ThrowIfAny();
    }

    private void Remove(IptablesPlace place, AcceptedPod pod, IReadOnlyList<IPAddr> addresses)
    {
        // Read under the lock of the change: an ADD has written its record before it looks for its rules.
        IReadOnlyList<IPAddr> Own() => [.. addresses.Where(address => address.Is6 == place.Is6).Except(OfOthers(pod))];
        if (!addresses.Any(address => address.Is6 == place.Is6))
            return;
        if (place.Variant == IptablesVariant.Nft && nftables is not null && new AcceptChain(nftables, place.Is6).TryRemove(Own))
            return;
        place
            .Open()
            .Change(
                table => Own() is { Count: > 0 } own ? AcceptRules.Delete(table, own) : new RestoreScript(),
                table => AcceptRules.DeleteByPlace(table, Own())
            );
    }

    private List<IPAddr> OfOthers(AcceptedPod pod) =>
        [
            .. records
                .List()
                .Where(record => record.Owner != pod.Owner)
                .Select(AcceptedPod.FromRecord)
                .Where(other => other.Backend == pod.Backend && other.Zone == pod.Zone)
                .SelectMany(static other => other.Addresses),
        ];

    /// <summary>What is not as <see cref="Add"/> left it, a sentence; null if all is.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="isOurs">It has a record; else the reference, or a node without /run, may have used the other iptables.</param>
    public string? FindDifference(AcceptedPod pod, bool isOurs) =>
        pod.Backend switch
        {
            AcceptBackend.Iptables => families
                .Select(is6 => FindDifference(is6, pod, isOurs))
                .FirstOrDefault(static each => each is not null),
            AcceptBackend.Firewalld => pod
                .Addresses.Where(address => !firewalld.Has(pod.Zone, Source(address)))
                .Select(address => $"firewalld does not have {Source(address)} in the zone {pod.Zone}")
                .FirstOrDefault(),
            _ => OpenForwarding.FindDrop(nftables, pod)?.ToString(),
        };

    private string? FindDifference(bool is6, AcceptedPod pod, bool isOurs)
    {
        if (pod.Of(is6) is not { Count: > 0 } addresses)
            return null;
        var place = isOurs ? null : IptablesPlace.With(nftables, AcceptRules.Chain).FirstOrDefault(each => each.Is6 == is6);
        var client = (place ?? Default(is6)).Open();
        if (client.IsNft && FindChain(is6) is { } chain && chain.Has(addresses, pod.AdminChain))
            return null;
        return AcceptRules.Check(client.Read(), addresses, pod.AdminChain) is [var first, ..] ? first : null;
    }

    private static IptablesPlace Default(bool is6) => new(is6, IptablesVariant.Default);

    private static string Source(IPAddr address) => IPPrefix.Host(address).ToString();
}
