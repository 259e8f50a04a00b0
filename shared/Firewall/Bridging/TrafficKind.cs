using Plugboard.Addresses;
using Plugboard.Firewall.HostPorts;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Reference;

namespace Plugboard.Firewall.Bridging;

/// <summary>Masquerading of pods and the check of their hardware addresses: the rules of the plugin bridge.</summary>
public sealed class TrafficKind : PodRuleKind<PodTraffic>
{
    private readonly MasqueradeTable masquerade;
    private readonly SpoofCheckTable spoofCheck;

    /// <summary>The kind with its records.</summary>
    public TrafficKind(PodRecordStore records)
        : this(records, new MasqueradeTable(), new SpoofCheckTable()) { }

    private TrafficKind(PodRecordStore records, MasqueradeTable masquerade, SpoofCheckTable spoofCheck)
        : base(records, masquerade, spoofCheck) => (this.masquerade, this.spoofCheck) = (masquerade, spoofCheck);

    /// <summary>The rules of all pods in the calling thread's network namespace.</summary>
    public static PodRules<PodTraffic> Open(PodRecordStore records) => new(new TrafficKind(records));

    internal override Attachment OwnerOf(PodTraffic rules) => rules.Owner;

    internal override FirewallBackend BackendOf(PodTraffic rules) => rules.Backend;

    internal override PodTraffic ByIptables(PodTraffic rules) => rules with { Backend = FirewallBackend.Iptables };

    // Only nftables checks hardware addresses.
    internal override bool HasPartForIptables(PodTraffic rules) => rules.MasqueradedAddresses.Count > 0;

    internal override PodPlan PlanOf(PodTraffic rules) => PodTrafficPlan.Of(masquerade, spoofCheck, rules);

    private protected override PodPlan? FindPlan(PodRecord record) => PodTraffic.IsWhole(record) ? PlanOf(FromRecord(record)) : null;

    internal override PodPlan? FindDenied(PodRecord record) =>
        PodTraffic.IsWhole(record) && FromRecord(record) is { Backend: FirewallBackend.Iptables } told
            ? PlanOf(told with { Backend = FirewallBackend.Nftables, OnlyMac = null })
            : null;

    internal override PodRecord ToRecord(PodTraffic rules) => rules.ToRecord();

    internal override PodTraffic FromRecord(PodRecord record) => PodTraffic.FromRecord(record);

    internal override void ApplyByIptables(PodTraffic rules) => Iptables().AddMasquerade(rules.Owner, rules.MasqueradedAddresses);

    // The pod's chain is filled again as a whole.
    internal override void WithdrawByIptables(PodTraffic earlier, PodTraffic kept) { }

    internal override string? FindIptablesDifference(PodTraffic rules) =>
        HasPartForIptables(rules) ? First(Iptables().CheckMasquerade(rules.Owner, rules.MasqueradedAddresses)) : null;

    // The reference plugin checks its own rules in its own CHECK.
    internal override string? FindReferenceDifference(PodTraffic rules)
    {
        using var client = NftablesClient.Find();
        return new ReferenceTraces(client).HasTrafficRules(rules.Owner)
            ? null
            : $"no rules are made for {rules.Owner}: it has neither a record nor a chain";
    }

    internal override void WithdrawTraces(ReferenceTraces traces, Attachment owner, PodTraffic? had) =>
        traces.RemoveMasquerade(owner, had is { MasqueradedAddresses.Count: > 0 } ? had.MasqueradedAddresses : null);

    internal override void WithdrawReference(ReferenceTraces traces, Attachment owner) => traces.RemoveSpoofCheck(owner);

    internal override void OnRestored(PodRecord record) => StaleFlows.EndUnmasqueraded(FromRecord(record).MasqueradedAddresses);
}
