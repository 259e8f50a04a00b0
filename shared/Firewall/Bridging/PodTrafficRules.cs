using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Linux;

namespace Plugboard.Firewall.Bridging;

/// <summary>
/// Masquerades pods and checks their hardware addresses by nftables, without a process: one transaction for both. Works in the calling thread's network namespace; not for two
/// threads at once.
/// </summary>
internal sealed class PodTrafficRules : IDisposable
{
    private readonly NftablesClient client = NftablesClient.Open();
    private readonly MasqueradeTable masquerade = new();
    private readonly SpoofCheckTable spoofCheck = new();
    private readonly PodElements pods;

    /// <summary>The kernel's nftables.</summary>
    public NftablesClient Client => client;

    /// <summary>Opens it.</summary>
    /// <param name="records">What each pod has.</param>
    /// <exception cref="ErrnoException">The kernel has no netfilter.</exception>
    public PodTrafficRules(PodRecordStore records) => pods = new PodElements(client, records, [masquerade, spoofCheck]);

    /// <summary>Makes the rules hold for a pod for which none held before; after a failure none do.</summary>
    /// <exception cref="NftablesException">The kernel refused something.</exception>
    /// <exception cref="ErrnoException">The record cannot be written.</exception>
    public void Apply(PodTraffic traffic) => pods.Give(PlanOf(traffic), traffic.ToRecord(), PlanOf);

    /// <summary>Takes away all that a pod has; nothing is not a failure.</summary>
    public void Withdraw(PodIdentity owner) => pods.Take(owner, PlanOf);

    /// <summary>What is not as <see cref="Apply"/> left it, in words; null where all is.</summary>
    public string? FindDifference(PodTraffic traffic) => pods.FindDifference(PlanOf(traffic), traffic.Owner.Tag);

    /// <summary>Takes away what belongs to pods of a network that are not valid any more.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="valid">The tags of its valid pods.</param>
    public void Collect(string network, IReadOnlySet<string> valid) => pods.Collect(network, valid, PlanOf);

    private PodPlan PlanOf(PodRecord record) => PlanOf(PodTraffic.FromRecord(record));

    private PodPlan PlanOf(PodTraffic traffic) => PodTrafficPlan.Of(masquerade, spoofCheck, traffic);

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();
}
