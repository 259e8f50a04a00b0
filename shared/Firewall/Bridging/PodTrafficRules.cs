using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Linux;

namespace Plugboard.Firewall.Bridging;

/// <summary>
/// Masquerades pods and checks their hardware addresses by nftables, without a process: one transaction for both. Works in the calling
/// thread's network namespace; not for two threads at once.
/// </summary>
internal sealed class PodTrafficRules : IDisposable
{
    private readonly NftablesClient client = NftablesClient.Open();
    private readonly RecordedPods recorded;
    private readonly PodElements pods;

    /// <summary>The kernel's nftables.</summary>
    public NftablesClient Client => client;

    /// <summary>Opens it.</summary>
    /// <param name="records">What each pod has.</param>
    /// <exception cref="ErrnoException">The kernel has no netfilter.</exception>
    public PodTrafficRules(PodRecordStore records)
    {
        recorded = RecordedPods.OfBridge(records);
        pods = new PodElements(client, recorded);
    }

    /// <summary>Makes the rules hold for a pod; after a failure those hold that held before.</summary>
    /// <param name="traffic">The rules.</param>
    /// <param name="before">What its record said until now; null: it has none.</param>
    /// <exception cref="NftablesException">The kernel refused something.</exception>
    /// <exception cref="TableOwnedException">A table is another process's own.</exception>
    /// <exception cref="ErrnoException">The record cannot be written.</exception>
    public void Apply(PodTraffic traffic, PodRecord? before) => pods.Give(PlanOf(traffic), traffic.ToRecord(), before);

    /// <summary>Takes away all that a pod has; nothing is not a failure.</summary>
    public void Withdraw(Attachment owner) => pods.Take(owner);

    /// <summary>Takes away what a pod has by a record, and leaves the record.</summary>
    public void Clear(PodRecord record) => pods.Clear(record);

    /// <summary>What is not as <see cref="Apply"/> left it, in words; null where all is.</summary>
    public string? FindDifference(PodTraffic traffic) => pods.FindDifference(PlanOf(traffic), traffic.Owner);

    /// <summary>Takes away what belongs to pods of a network that are not valid any more.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="valid">The tags of its valid pods.</param>
    public void Collect(string network, IReadOnlySet<string> valid) => pods.Collect(network, valid);

    private PodPlan PlanOf(PodTraffic traffic) =>
        PodTrafficPlan.Of((MasqueradeTable)recorded.Tables[0], (SpoofCheckTable)recorded.Tables[1], traffic);

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();
}
