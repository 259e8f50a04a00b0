using Plugboard.Addresses;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Reference;
using Plugboard.Linux;

namespace Plugboard.Firewall.HostPorts;

/// <summary>
/// Has ports of the node lead to pods, with whichever backend: the kernel's nftables unless iptables is asked for or the kernel has no
/// nftables that can do it. What is taken away is taken from both, and from the reference plugins' rules too. Works in the calling thread's
/// network namespace; not for two threads at once.
/// </summary>
/// <param name="records">What each pod has.</param>
public sealed class PortPublisher(PodRecordStore records) : IDisposable
{
    private NftablesHostPorts? forwarder;

    private NftablesHostPorts Forwarder => forwarder ??= new NftablesHostPorts(records);

    /// <summary>Publishes a pod's ports in place of what it had before; after a failure it has what it had before.</summary>
    /// <param name="forward">The ports.</param>
    /// <param name="localhostLink">The link to which connections from localhost will be routed; empty: none will.</param>
    /// <param name="backend">Null: the choice is free.</param>
    /// <returns>The pod's record of before, for <see cref="Undo"/>; null: it had none.</returns>
    /// <exception cref="PortTakenException">A living pod has one of them.</exception>
    /// <exception cref="Conditions.ConditionException">A condition is not understood.</exception>
    /// <exception cref="NftablesException">The kernel refused.</exception>
    /// <exception cref="TableOwnedException">The table is another process's own.</exception>
    /// <exception cref="IptablesException">A tool is missing, or refused.</exception>
    /// <exception cref="IptablesWordException">A condition cannot be written for iptables.</exception>
    /// <exception cref="PodRecordException">There are too many ports for a record.</exception>
    /// <exception cref="ErrnoException">The record cannot be written.</exception>
    public PodRecord? Publish(PodHostPorts forward, string localhostLink, FirewallBackend? backend)
    {
        var before = records.Find(forward.Owner);
        var byNftables = forward with { LocalhostLink = localhostLink };
        if (backend == FirewallBackend.Iptables || !TryPublish(byNftables, before, isChoiceFree: backend is null))
            PublishByIptables(forward with { Backend = FirewallBackend.Iptables }, before);
        try
        {
            StaleFlows.EndBefore(forward);
        }
        catch
        {
            Undo(forward, before);
            throw;
        }

        return before;
    }

    private bool TryPublish(PodHostPorts forward, PodRecord? before, bool isChoiceFree)
    {
        try
        {
            Forwarder.Publish(forward, before);
        }
        catch (ErrnoException e) when (isChoiceFree && e.IsNftablesMissing())
        {
            return false;
        }

        // The kernel has the one before the other is gone: both lead to the pod.
        if (before is not null && HostPortRecord.FromRecord(before) is { Backend: FirewallBackend.Iptables } earlier)
            RemoveTraces(earlier);
        return true;
    }

    private void PublishByIptables(PodHostPorts forward, PodRecord? before)
    {
        var backend = new IptablesBackend(new IptablesOptions());
        IptablesBackend.Validate(forward.Owner, forward.Addresses, forward.Ports, forward.IptablesOptions);
        records.Write(before is null ? forward.ToRecord() : forward.ToRecord().Replacing());
        try
        {
            backend.ApplyHostPorts(forward.Owner, forward.Addresses, forward.Ports, forward.IptablesOptions);
            if (before is not null)
            {
                RemoveOthers(before, forward);
                records.Write(forward.ToRecord());
            }
        }
        catch
        {
            Undo(forward, before);
            throw;
        }
    }

    /// <summary>Takes back what <see cref="Publish"/> did: the pod has again what it had before.</summary>
    /// <param name="forward">What was published.</param>
    /// <param name="before">What <see cref="Publish"/> returned.</param>
    public void Undo(PodHostPorts forward, PodRecord? before)
    {
        if (before is null)
        {
            Withdraw(forward.Owner, forward);
            return;
        }

        var earlier = HostPortRecord.FromRecord(before);
        var current = records.Find(forward.Owner);
        if (earlier.Backend == FirewallBackend.Nftables)
        {
            Forwarder.Publish(earlier, current);
            RemoveTraces(forward);
            return;
        }

        new IptablesBackend(new IptablesOptions()).ApplyHostPorts(earlier.Owner, earlier.Addresses, earlier.Ports, earlier.IptablesOptions);
        if (current is not null)
            RemoveOthers(current, earlier);
        records.Write(before);
    }

    // What a pod has by a record, and does not have by iptables' rules that are there already.
    private void RemoveOthers(PodRecord record, PodHostPorts kept)
    {
        var forward = HostPortRecord.FromRecord(record);
        if (forward.Backend == FirewallBackend.Nftables)
            Forwarder.Clear(record);
        foreach (var address in forward.Addresses)
        {
            if (forward.Backend == FirewallBackend.Iptables && kept.AddressOf(address.Is6) is null)
                new IptablesBackend(new IptablesOptions()).WithdrawHostPorts(forward.Owner, [address.Address]);
        }
    }

    private void RemoveTraces(PodHostPorts forward) =>
        new ReferenceTraces(forwarder?.Client).WithdrawHostPorts(forward.Owner, AddressesOf(forward));

    /// <summary>Takes away all that a pod has, whoever made it; nothing is not a failure.</summary>
    /// <param name="owner">The pod.</param>
    /// <param name="known">What the caller knows of its ports and addresses, for a pod without a record; null: nothing.</param>
    /// <exception cref="AggregateException">Several things could not be taken away.</exception>
    public void Withdraw(Attachment owner, PodHostPorts? known)
    {
        var failures = new Failures();
        PodHostPorts? had = null;
        var hasNftables = TryWithdraw(owner, failures, out had);
        had ??= known;
        failures.Try(() =>
            new ReferenceTraces(hasNftables ? Forwarder.Client : null).WithdrawHostPorts(owner, had is null ? null : AddressesOf(had))
        );
        if (had is { Backend: FirewallBackend.Iptables })
            failures.Try(() => RestoreSiblings(owner));
        if (had is not null)
            failures.Try(() => StaleFlows.EndAfter(had));
        failures.ThrowIfAny();
    }

    // Of iptables' rules all attachments of one container to one network share a chain, which leads to the one that came last.
    private void RestoreSiblings(Attachment gone)
    {
        foreach (var record in records.List())
        {
            var owner = record.Owner;
            if (owner.Network != gone.Network || owner.ContainerId != gone.ContainerId || owner.IfName == gone.IfName || !record.IsAlive())
                continue;
            var forward = HostPortRecord.FromRecord(record);
            if (forward.Backend == FirewallBackend.Iptables)
                new IptablesBackend(new IptablesOptions()).ApplyHostPorts(owner, forward.Addresses, forward.Ports, forward.IptablesOptions);
        }
    }

    private static List<IPAddr> AddressesOf(PodHostPorts forward)
    {
        var addresses = new List<IPAddr>(2);
        foreach (var address in forward.Addresses)
            addresses.Add(address.Address);
        return addresses;
    }

    private bool TryWithdraw(Attachment owner, Failures failures, out PodHostPorts? had)
    {
        PodHostPorts? found = null;
        var hasNftables = true;
        failures.Try(() =>
        {
            try
            {
                found = Forwarder.Withdraw(owner);
            }
            catch (ErrnoException e) when (e.IsNftablesMissing())
            {
                hasNftables = false;
                found = records.Find(owner) is { } record ? HostPortRecord.FromRecord(record) : null;
                records.Remove(owner);
            }
        });
        had = found;
        return hasNftables && forwarder is not null;
    }

    /// <summary>What is not as <see cref="Publish"/> left it, in words; null where all is.</summary>
    public string? FindDifference(PodHostPorts forward)
    {
        if (records.Find(forward.Owner) is { } record)
        {
            return HostPortRecord.FromRecord(record).Backend == FirewallBackend.Nftables
                ? Forwarder.FindDifference(forward)
                : FindIptablesDifference(forward, IptablesVariant.Default);
        }

        // The reference keeps no record.
        using var client = NftablesClient.Find();
        return new ReferenceTraces(client).FindHostPorts(forward.Owner) is { } variant
            ? FindIptablesDifference(forward, variant)
            : $"nothing is published for {forward.Owner}: it has neither a record nor a chain";
    }

    private static string? FindIptablesDifference(PodHostPorts forward, IptablesVariant variant)
    {
        var differences = new IptablesBackend(new IptablesOptions { Variant = variant }).CheckHostPorts(
            forward.Owner,
            forward.Addresses,
            forward.Ports,
            forward.IptablesOptions
        );
        return differences.Count == 0 ? null : differences[0];
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
                Forwarder.Collect(network, valid);
            }
            catch (ErrnoException e) when (e.IsNftablesMissing())
            {
                // Then nothing is in it.
            }
        });
        failures.ThrowIfAny();
    }

    /// <inheritdoc/>
    public void Dispose() => forwarder?.Dispose();
}
