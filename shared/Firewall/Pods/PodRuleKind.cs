using Plugboard.Addresses;
using Plugboard.Firewall.Iptables;
using Plugboard.Firewall.Reference;

namespace Plugboard.Firewall.Pods;

/// <summary>A kind of rules that pods have: its nftables, and the records that every pod's part can be made from again.</summary>
public abstract class PodRuleKind
{
    private protected PodRuleKind(PodRecordStore records, params NodeTable[] tables)
    {
        Records = records;
        Tables = tables;
        Claims = new PodClaims(records.ClaimsPath);
    }

    /// <summary>The records.</summary>
    internal PodRecordStore Records { get; }

    /// <summary>The tables.</summary>
    internal IReadOnlyList<NodeTable> Tables { get; }

    /// <summary>Which attachments wait for an element that another one has.</summary>
    internal PodClaims Claims { get; }

    /// <summary>The plan of a record; null if the record cannot be understood.</summary>
    internal PodPlan? PlanOf(PodRecord record)
    {
        try
        {
            return FindPlan(record);
        }
        catch (ArgumentException)
        {
            // A link's name that the kernel does not take, as no build writes it.
            return null;
        }
    }

    /// <summary>Ends what the kernel remembers of the time when a pod's elements were missing.</summary>
    internal abstract void OnRestored(PodRecord record);

    private protected abstract PodPlan? FindPlan(PodRecord record);

    /// <summary>
    /// What a record of iptables would have in nftables: a record may be wrong, and elements that its pod leaves are the next pod's. Null:
    /// the record is of nftables, or cannot be understood.
    /// </summary>
    internal virtual PodPlan? FindDenied(PodRecord record) => null;
}

/// <summary>What differs between the kinds of rules; what is the same is in <see cref="PodRules{T}"/>.</summary>
/// <typeparam name="T">The rules of one pod.</typeparam>
public abstract class PodRuleKind<T> : PodRuleKind
    where T : class
{
    private protected PodRuleKind(PodRecordStore records, params NodeTable[] tables)
        : base(records, tables) { }

    /// <summary>The owner of the rules.</summary>
    internal abstract Attachment OwnerOf(T rules);

    /// <summary>What writes the rules.</summary>
    internal abstract FirewallBackend BackendOf(T rules);

    /// <summary>The rules as iptables makes them.</summary>
    internal abstract T ByIptables(T rules);

    /// <summary>True if iptables can make a part of the rules at all.</summary>
    internal abstract bool HasPartForIptables(T rules);

    /// <summary>The nftables part; empty if iptables makes all of the rules.</summary>
    internal abstract PodPlan PlanOf(T rules);

    /// <summary>The rules as a record.</summary>
    internal abstract PodRecord ToRecord(T rules);

    /// <summary>What a record says; lines that cannot be read are left out.</summary>
    internal abstract T FromRecord(PodRecord record);

    /// <summary>Throws if iptables cannot have the rules, before anything is changed.</summary>
    internal virtual void ValidateForIptables(T rules) { }

    /// <summary>Makes the iptables part, in place of the one that the pod has.</summary>
    internal abstract void ApplyByIptables(T rules);

    /// <summary>Removes iptables rules of earlier attachments that <see cref="ApplyByIptables"/> of other attachments leaves.</summary>
    internal abstract void WithdrawByIptables(T earlier, T kept);

    /// <summary>The first difference of the iptables part, a sentence; null if there is no difference.</summary>
    internal abstract string? FindIptablesDifference(T rules);

    /// <summary>The same for a pod without a record: the reference plugins keep no records.</summary>
    internal abstract string? FindReferenceDifference(T rules);

    /// <summary>Removes what iptables has, also of the reference plugins.</summary>
    /// <param name="traces">The finder.</param>
    /// <param name="owner">The owner.</param>
    /// <param name="had">The rules that the pod had; null: unknown.</param>
    internal abstract void WithdrawTraces(ReferenceTraces traces, Attachment owner, T? had);

    /// <summary>Removes the reference plugins' rules that are not iptables rules.</summary>
    internal virtual void WithdrawReference(ReferenceTraces traces, Attachment owner) { }

    /// <summary>Runs after rules were applied.</summary>
    internal virtual void OnApplied(T rules) { }

    /// <summary>Runs after rules were withdrawn; its steps fail one by one.</summary>
    internal virtual IEnumerable<Action> OnWithdrawn(T had) => [];

    private protected static IptablesBackend Iptables(IptablesVariant? variant = null) =>
        new(variant is { } known ? new IptablesOptions { Variant = known } : new IptablesOptions());

    private protected static string? First(IReadOnlyList<string> differences) => differences.Count == 0 ? null : differences[0];
}
