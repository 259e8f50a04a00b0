using Plugboard.Addresses;
using Plugboard.Firewall.Conditions;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Linux;

namespace Plugboard.Firewall.HostPorts;

/// <summary>
/// Publishes ports by nftables, without a process. A port has one owner; that of a pod which is no more is taken over. Works in the calling
/// thread's network namespace; not for two threads at once.
/// </summary>
internal sealed class NftablesHostPorts : IDisposable
{
    private readonly NftablesClient client = NftablesClient.Open();
    private readonly RecordedPods recorded;
    private readonly PodElements pods;

    /// <summary>The kernel's nftables.</summary>
    public NftablesClient Client => client;

    /// <summary>Opens it.</summary>
    /// <param name="records">What each pod has.</param>
    /// <exception cref="ErrnoException">The kernel has no netfilter.</exception>
    public NftablesHostPorts(PodRecordStore records)
    {
        recorded = RecordedPods.OfPortmap(records);
        pods = new PodElements(client, recorded);
    }

    /// <summary>Publishes a pod's ports; after a failure it has those that it had before.</summary>
    /// <param name="forward">The ports.</param>
    /// <param name="before">What its record said until now; null: it has none.</param>
    /// <exception cref="PortTakenException">A living pod has one of them.</exception>
    /// <exception cref="ConditionException">A condition is not understood.</exception>
    /// <exception cref="NftablesException">The kernel refused something.</exception>
    /// <exception cref="TableOwnedException">The table is another process's own.</exception>
    /// <exception cref="ErrnoException">The record cannot be written.</exception>
    public void Publish(PodHostPorts forward, PodRecord? before) => pods.Give(PlanOf(forward), forward.ToRecord(), before);

    /// <summary>Takes away all that a pod has; nothing is not a failure.</summary>
    /// <returns>What it had, as its record says; null where it has no record.</returns>
    public PodHostPorts? Withdraw(Attachment owner) => pods.Take(owner) is { } record ? HostPortRecord.FromRecord(record) : null;

    /// <summary>Takes away what a pod has by a record, and leaves the record.</summary>
    public void Clear(PodRecord record) => pods.Clear(record);

    /// <summary>What is not as <see cref="Publish"/> left it, in words; null where all is.</summary>
    public string? FindDifference(PodHostPorts forward) => pods.FindDifference(PlanOf(forward), forward.Owner);

    /// <summary>Takes away what belongs to pods of a network that are not valid any more.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="valid">The tags of its valid pods.</param>
    public void Collect(string network, IReadOnlySet<string> valid) => pods.Collect(network, valid);

    private PodPlan PlanOf(PodHostPorts forward) => HostPortPlan.Of((HostPortTable)recorded.Tables[0], forward);

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();
}
