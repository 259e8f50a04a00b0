using Plugboard.Addresses;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Reference;
using Plugboard.Linux;

namespace Plugboard.Firewall.Bridging;

/// <summary>
/// Masquerades pods and checks their hardware addresses, with whichever backend: the kernel's nftables unless iptables is asked for or the
/// kernel has no nftables that can do it. What is taken away is taken from both, and from the reference plugins' rules too. Works in the
/// calling thread's network namespace; not for two threads at once.
/// </summary>
/// <param name="records">What each pod has.</param>
public sealed class PodTrafficFirewall(PodRecordStore records) : IDisposable
{
    private PodTrafficRules? rules;

    private PodTrafficRules Rules => rules ??= new PodTrafficRules(records);

    /// <summary>Makes the rules hold for a pod in place of what held before; after a failure what held before holds.</summary>
    /// <param name="traffic">The rules.</param>
    /// <param name="backend">What masquerades; null: the choice is free.</param>
    /// <returns>The pod's record of before, for <see cref="Undo"/>; null: it had none.</returns>
    /// <exception cref="NftablesException">The kernel refused.</exception>
    /// <exception cref="TableOwnedException">A table is another process's own.</exception>
    /// <exception cref="IptablesException">A tool is missing, or refused.</exception>
    /// <exception cref="ErrnoException">The record cannot be written.</exception>
    public PodRecord? Apply(PodTraffic traffic, FirewallBackend? backend)
    {
        var before = records.Find(traffic.Owner);
        if (backend == FirewallBackend.Iptables || !TryApply(traffic, before, isChoiceFree: backend is null))
            ApplyByIptables(traffic with { Backend = FirewallBackend.Iptables }, before);
        return before;
    }

    private bool TryApply(PodTraffic traffic, PodRecord? before, bool isChoiceFree)
    {
        try
        {
            Rules.Apply(traffic, before);
        }
        catch (ErrnoException e) when (isChoiceFree && traffic.MasqueradedAddresses.Count > 0 && e.IsNftablesMissing())
        {
            return false;
        }

        if (before is not null && PodTraffic.FromRecord(before) is { Backend: FirewallBackend.Iptables } earlier)
            RemoveTraces(earlier);
        return true;
    }

    private void ApplyByIptables(PodTraffic traffic, PodRecord? before)
    {
        try
        {
            // First what only nftables can do: it also takes away what nftables has of before.
            if (traffic.OnlyMac is not null || HasNftables(before))
                Rules.Apply(traffic, before);
            else
                records.Write(traffic.ToRecord());
            new IptablesBackend(new IptablesOptions()).AddMasquerade(traffic.Owner, traffic.MasqueradedAddresses);
        }
        catch
        {
            Undo(traffic, before);
            throw;
        }
    }

    private static bool HasNftables(PodRecord? record) =>
        record is not null && PodTraffic.FromRecord(record) is { Backend: FirewallBackend.Nftables } or { OnlyMac: not null };

    /// <summary>Takes back what <see cref="Apply"/> did: what held before holds again, unless the pod that it held for is gone.</summary>
    /// <param name="traffic">What was made to hold.</param>
    /// <param name="before">What <see cref="Apply"/> returned.</param>
    public void Undo(PodTraffic traffic, PodRecord? before)
    {
        if (before is null || !before.IsAlive())
        {
            Withdraw(traffic.Owner, traffic);
            return;
        }

        var earlier = PodTraffic.FromRecord(before);
        if (HasNftables(before) || traffic.OnlyMac is not null)
            Rules.Apply(earlier, records.Find(traffic.Owner));
        if (earlier.Backend == FirewallBackend.Iptables)
            new IptablesBackend(new IptablesOptions()).AddMasquerade(earlier.Owner, earlier.MasqueradedAddresses);
        else
            RemoveTraces(traffic);
        records.Write(before);
    }

    private void RemoveTraces(PodTraffic traffic) =>
        new ReferenceTraces(rules?.Client).RemoveMasquerade(traffic.Owner, traffic.MasqueradedAddresses);

    /// <summary>True where a pod has a record here.</summary>
    public bool Knows(Attachment owner) => records.Find(owner) is not null;

    /// <summary>Takes away all that a pod has, whoever made it; nothing is not a failure.</summary>
    /// <param name="owner">The pod.</param>
    /// <param name="known">What the caller knows of it, for a pod without a record; null: nothing.</param>
    /// <exception cref="AggregateException">Several things could not be taken away.</exception>
    public void Withdraw(Attachment owner, PodTraffic? known)
    {
        var failures = new Failures();
        var had = records.Find(owner) is { } record ? PodTraffic.FromRecord(record) : known;
        var hasNftables = false;
        failures.Try(() =>
        {
            try
            {
                Rules.Withdraw(owner);
                hasNftables = true;
            }
            catch (ErrnoException e) when (e.IsNftablesMissing())
            {
                records.Remove(owner);
            }
        });
        var traces = new ReferenceTraces(hasNftables ? Rules.Client : null);
        failures.Try(() => traces.RemoveMasquerade(owner, had is { MasqueradedAddresses.Count: > 0 } ? had.MasqueradedAddresses : null));
        failures.Try(() => traces.RemoveSpoofCheck(owner));
        failures.ThrowIfAny();
    }

    /// <summary>What is not as <see cref="Apply"/> left it, in words; null where all is.</summary>
    public string? FindDifference(PodTraffic traffic)
    {
        // The reference keeps no record: its own rules are its own CHECK's.
        if (records.Find(traffic.Owner) is not { } record)
        {
            using var client = NftablesClient.Find();
            return new ReferenceTraces(client).HasTrafficRules(traffic.Owner)
                ? null
                : $"no rules are made for {traffic.Owner}: it has neither a record nor a chain";
        }

        var isByIptables = PodTraffic.FromRecord(record).Backend == FirewallBackend.Iptables;
        if (isByIptables && traffic.MasqueradedAddresses.Count > 0)
        {
            var differences = new IptablesBackend(new IptablesOptions()).CheckMasquerade(traffic.Owner, traffic.MasqueradedAddresses);
            if (differences.Count > 0)
                return differences[0];
        }

        return isByIptables && traffic.OnlyMac is null
            ? null
            : Rules.FindDifference(traffic with { Backend = isByIptables ? FirewallBackend.Iptables : FirewallBackend.Nftables });
    }

    /// <summary>Takes away what belongs to pods of a network that are not valid any more.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="valid">The tags of its valid pods.</param>
    public void Collect(string network, IReadOnlySet<string> valid)
    {
        var failures = new Failures();
        foreach (var record in records.ListStale(network, valid))
            failures.Try(() => Withdraw(record.Owner, null));

        failures.Try(() =>
        {
            try
            {
                Rules.Collect(network, valid);
            }
            catch (ErrnoException e) when (e.IsNftablesMissing())
            {
                // Then nothing is in it.
            }
        });
        failures.ThrowIfAny();
    }

    /// <inheritdoc/>
    public void Dispose() => rules?.Dispose();
}
