using Plugboard.Addresses;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Pods;
using Plugboard.Firewall.Reference;

namespace Plugboard.Firewall.HostPorts;

/// <summary>Host ports that lead to pods: the rules of the plugin portmap.</summary>
public sealed class HostPortKind : PodRuleKind<PodHostPorts>
{
    private readonly HostPortTable table;

    /// <summary>The kind with its records.</summary>
    public HostPortKind(PodRecordStore records)
        : this(records, new HostPortTable()) { }

    private HostPortKind(PodRecordStore records, HostPortTable table)
        : base(records, table) => this.table = table;

    /// <summary>The rules of all pods in the calling thread's network namespace.</summary>
    public static PodRules<PodHostPorts> Open(PodRecordStore records) => new(new HostPortKind(records));

    internal override Attachment OwnerOf(PodHostPorts rules) => rules.Owner;

    internal override FirewallBackend BackendOf(PodHostPorts rules) => rules.Backend;

    // iptables' rules route connections from localhost by another mechanism.
    internal override PodHostPorts ByIptables(PodHostPorts rules) => rules with { Backend = FirewallBackend.Iptables, LocalhostLink = "" };

    internal override bool HasPartForIptables(PodHostPorts rules) => true;

    internal override PodPlan PlanOf(PodHostPorts rules) =>
        rules.Backend == FirewallBackend.Nftables ? HostPortPlan.Of(table, rules) : PodPlan.Empty;

    private protected override PodPlan? FindPlan(PodRecord record) => HostPortPlan.Of(table, record);

    internal override PodPlan? FindDenied(PodRecord record) => HostPortPlan.FindDenied(table, record);

    internal override PodRecord ToRecord(PodHostPorts rules) => rules.ToRecord();

    internal override PodHostPorts FromRecord(PodRecord record) => HostPortRecord.FromRecord(record);

    internal override void ValidateForIptables(PodHostPorts rules) =>
        IptablesBackend.Validate(rules.Owner, rules.Addresses, rules.Ports, rules.IptablesOptions);

    internal override void ApplyByIptables(PodHostPorts rules) =>
        Iptables().ApplyHostPorts(rules.Owner, rules.Addresses, rules.Ports, rules.IptablesOptions, IsAlive);

    // Attachments of one container to one network share a chain.
    private bool? IsAlive(string chain)
    {
        PodRecord[] owners = [.. Records.List().Where(record => ReferenceNames.ForwardChain(record.Owner) == chain)];
        return owners.Length == 0 ? null : owners.Any(PodLife.IsAlive);
    }

    internal override void WithdrawByIptables(PodHostPorts earlier, PodHostPorts kept)
    {
        foreach (var address in earlier.Addresses)
        {
            if (kept.AddressOf(address.Is6) is null)
                Iptables().WithdrawHostPorts(earlier.Owner, [address.Address]);
        }
    }

    internal override string? FindIptablesDifference(PodHostPorts rules) => FindDifference(rules, IptablesVariant.Default);

    private static string? FindDifference(PodHostPorts rules, IptablesVariant variant) =>
        First(Iptables(variant).CheckHostPorts(rules.Owner, rules.Addresses, rules.Ports, rules.IptablesOptions));

    internal override string? FindReferenceDifference(PodHostPorts rules)
    {
        // The reference makes nothing where a port has no address to lead to, as in a pod of layer 2.
        if (rules.Addresses.Count == 0)
            return null;
        using var client = NftablesClient.Find();
        return new ReferenceTraces(client).FindHostPorts(rules.Owner) is { } variant
            ? FindDifference(rules, variant)
            : $"nothing is published for {rules.Owner}: it has neither a record nor a chain";
    }

    internal override void WithdrawTraces(ReferenceTraces traces, Attachment owner, PodHostPorts? had) =>
        traces.WithdrawHostPorts(owner, had is null ? null : AddressesOf(had));

    internal override void OnApplied(PodHostPorts rules) => StaleFlows.EndBefore(rules);

    internal override IEnumerable<Action> OnWithdrawn(PodHostPorts had)
    {
        if (had.Backend == FirewallBackend.Iptables)
            yield return () => RestoreSiblings(had.Owner);
        yield return () => StaleFlows.EndAfter(had);
    }

    // What UDP clients sent meanwhile went to the node itself, and so would all that follows.
    internal override void OnRestored(PodRecord record) => StaleFlows.EndBefore(HostPortRecord.FromRecord(record));

    // Of iptables' rules all attachments of one container to one network share a chain, which leads to the one that came last.
    private void RestoreSiblings(Attachment gone)
    {
        foreach (var record in Records.List())
        {
            var owner = record.Owner;
            if (owner.Network != gone.Network || owner.ContainerId != gone.ContainerId || owner.IfName == gone.IfName || !record.IsAlive())
                continue;
            var sibling = HostPortRecord.FromRecord(record);
            if (sibling.Backend == FirewallBackend.Iptables)
                ApplyByIptables(sibling);
        }
    }

    private static List<IPAddr> AddressesOf(PodHostPorts rules)
    {
        var addresses = new List<IPAddr>(2);
        foreach (var address in rules.Addresses)
            addresses.Add(address.Address);
        return addresses;
    }
}
