using Plugboard.Addresses;
using Plugboard.Firewall.Firewalld;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Linux;
using Plugboard.Linux.Files;

namespace Plugboard.Firewall.Accepting;

/// <summary>
/// Pods that the forward chain accepts, and the policies of their bridges: the work of the plugin firewall. A pod has a record from before
/// it has anything else until everything is gone. Works in the calling thread's network namespace; not for two threads at once.
/// </summary>
public sealed class AcceptedPods : IDisposable
{
    private readonly PodRecordStore records;
    private readonly NftablesClient? nftables;
    private readonly PodAccepts accepts;
    private readonly BridgePolicies policies;

    internal AcceptedPods(PodRecordStore records, NftablesClient? nftables, FirewalldZones firewalld)
    {
        this.records = records;
        this.nftables = nftables;
        accepts = new PodAccepts(records, nftables, firewalld);
        policies = new BridgePolicies(new AcceptedPodKind(records), nftables);
    }

    /// <summary>Makes it, with the kernel's nftables if there are any.</summary>
    public static AcceptedPods Open(PodRecordStore records, FirewalldZones firewalld) => new(records, NftablesClient.Find(), firewalld);

    /// <summary>A pod's record; null if it has none.</summary>
    public PodRecord? Find(Attachment owner) => records.Find(owner);

    /// <summary>Accepts a pod, in place of what it had before. A failure leaves what <see cref="Undo"/> reverts.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="before">Its record of until now; null: it has none.</param>
    /// <exception cref="Iptables.IptablesException">A tool is missing, or refused.</exception>
    /// <exception cref="NftablesException">The kernel refused.</exception>
    /// <exception cref="BusException">firewalld refused, is not running, or did not answer.</exception>
    /// <exception cref="FirewalldZoneException">Another zone of firewalld has an address.</exception>
    /// <exception cref="ForwardChainDropsException">No backend is to accept the pod, and a chain drops what it sends.</exception>
    public void Apply(AcceptedPod pod, PodRecord? before)
    {
        if (before is not null)
        {
            Replace(pod, before);
            return;
        }

        using var held = records.WriteHeld(pod.ToRecord());
        accepts.Add(pod);
        policies.Apply(pod, null);
    }

    // Until it is done, the record has the addresses of both.
    private void Replace(AcceptedPod pod, PodRecord before)
    {
        var earlier = AcceptedPod.FromRecord(before);
        var both = pod with { Addresses = [.. pod.Addresses.Union(earlier.Addresses)] };
        using var held = records.WriteHeld(both.ToRecord().Replacing());
        accepts.Add(pod);
        accepts.Remove(earlier, Lost(earlier, pod));
        policies.Apply(pod, before);
        if (earlier.Bridge != pod.Bridge)
            policies.Settle(earlier.Bridge);
    }

    private static IReadOnlyList<IPAddr> Lost(AcceptedPod earlier, AcceptedPod pod) =>
        earlier.Backend == pod.Backend && earlier.Zone == pod.Zone ? [.. earlier.Addresses.Except(pod.Addresses)] : earlier.Addresses;

    /// <summary>Undoes <see cref="Apply"/>: the pod has what it had before.</summary>
    /// <param name="pod">The pod that was accepted, or should have been.</param>
    /// <param name="before">Its record of before; null: it had none.</param>
    public void Undo(AcceptedPod pod, PodRecord? before)
    {
        if (before is null || !before.IsAlive())
        {
            Withdraw(pod.Owner, [pod]);
            return;
        }

        var failures = new Failures();
        var earlier = AcceptedPod.FromRecord(before);
        failures.Try(() => accepts.Add(earlier));
        failures.Try(() => accepts.Remove(pod, Lost(pod, earlier)));
        failures.Try(() => policies.Apply(earlier, records.Find(pod.Owner)));
        failures.Try(() => policies.Settle(pod.Bridge));
        failures.ThrowIfAny();
    }

    /// <summary>Withdraws everything of a pod; a pod without anything is not a failure. After a failure it keeps its record.</summary>
    /// <param name="owner">The pod.</param>
    /// <param name="known">What the caller knows, for a pod without a record: what it may have by one backend or another.</param>
    /// <exception cref="AggregateException">Several things could not be removed.</exception>
    public void Withdraw(Attachment owner, IReadOnlyList<AcceptedPod> known)
    {
        using var held = records.Hold(owner);
        IReadOnlyList<AcceptedPod> had = held?.Record is { } record ? [AcceptedPod.FromRecord(record)] : known;
        var failures = new Failures();
        var isGone = false;
        failures.Try(() =>
        {
            foreach (var pod in had)
                accepts.Remove(pod, pod.Addresses);
            isGone = true;
        });
        if (isGone)
        {
            foreach (var pod in had)
                failures.Try(() => Forget(pod, held?.Record));
        }

        failures.ThrowIfAny();
        records.Remove(owner);
    }

    // The policy of the bridge is what the remaining records say. This one says none until it is gone: a DEL that is killed here has left
    // all that the next one needs, whatever its input is.
    private void Forget(AcceptedPod pod, PodRecord? record)
    {
        using var held = record is null || pod.Policy == IngressPolicy.Open ? null : TryWriteLeaving(pod);
        policies.Forget(pod);
    }

    // A full /run is no reason to keep what the pod has.
    private FileLock? TryWriteLeaving(AcceptedPod pod)
    {
        try
        {
            return records.WriteHeld((pod with { Addresses = [], Policy = IngressPolicy.Open }).ToRecord());
        }
        catch (ErrnoException)
        {
            records.Remove(pod.Owner);
            return null;
        }
    }

    /// <summary>The first difference from what <see cref="Apply"/> left, a sentence; null if there is no difference.</summary>
    public string? FindDifference(AcceptedPod pod)
    {
        var record = records.Find(pod.Owner);
        if (record is not null && AcceptedPod.FromRecord(record) is var applied)
            pod = pod with { Backend = applied.Backend, Zone = applied.Zone, PolicyBackend = applied.PolicyBackend };
        return accepts.FindDifference(pod, record is not null) ?? policies.FindDifference(pod, record is not null);
    }

    /// <summary>Withdraws the pods of a network that are not valid any more.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="valid">The tags of its valid pods.</param>
    public void Collect(string network, IReadOnlySet<string> valid)
    {
        var failures = new Failures();
        foreach (var record in records.ListStale(network, valid))
            failures.Try(() => Withdraw(record.Owner, []));
        failures.ThrowIfAny();
    }

    /// <inheritdoc/>
    public void Dispose() => nftables?.Dispose();
}
