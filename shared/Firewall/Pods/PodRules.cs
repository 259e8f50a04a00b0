using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Reference;
using Plugboard.Linux;

namespace Plugboard.Firewall.Pods;

/// <summary>
/// The rules of pods, of one kind, by either backend: the kernel's nftables unless iptables is asked for or the kernel's nftables cannot
/// have them. Withdrawing removes the rules of both, and the reference plugins' ones. Works in the calling thread's network namespace; not
/// for two threads at once.
/// </summary>
/// <typeparam name="T">The rules of one pod.</typeparam>
public sealed class PodRules<T> : IDisposable
    where T : class
{
    private readonly PodRuleKind<T> kind;
    private NftablesClient? client;

    internal PodRules(PodRuleKind<T> kind) => this.kind = kind;

    private PodElements Elements => new(client ??= NftablesClient.Open(), kind);

    /// <summary>Applies a pod's rules in place of those that it had before; after a failure it has those again.</summary>
    /// <param name="rules">The rules.</param>
    /// <param name="backend">Null: the choice is free.</param>
    /// <returns>The pod's record of before, for <see cref="Undo"/>; null: it had none.</returns>
    /// <exception cref="ElementTakenException">A living pod has one of the elements, such as a host port.</exception>
    /// <exception cref="Conditions.ConditionException">A condition is not understood.</exception>
    /// <exception cref="NftablesException">The kernel refused.</exception>
    /// <exception cref="TableOwnedException">A table is another process's own.</exception>
    /// <exception cref="Iptables.IptablesException">A tool is missing, or refused.</exception>
    /// <exception cref="Iptables.IptablesWordException">A condition cannot be written for iptables.</exception>
    /// <exception cref="PodRecordException">There are too many rules for a record.</exception>
    /// <exception cref="ErrnoException">The record cannot be written.</exception>
    public PodRecord? Apply(T rules, FirewallBackend? backend)
    {
        var before = kind.Records.Find(kind.OwnerOf(rules));
        if (backend == FirewallBackend.Iptables || !TryApplyByNftables(rules, before, isChoiceFree: backend is null))
            ApplyByIptables(kind.ByIptables(rules), before);
        try
        {
            kind.OnApplied(rules);
        }
        catch
        {
            Undo(rules, before);
            throw;
        }

        return before;
    }

    private bool TryApplyByNftables(T rules, PodRecord? before, bool isChoiceFree)
    {
        try
        {
            Elements.Apply(kind.PlanOf(rules), kind.ToRecord(rules), before);
        }
        catch (ErrnoException e) when (isChoiceFree && kind.HasPartForIptables(rules) && e.IsNftablesMissing())
        {
            return false;
        }

        // The kernel has the new rules before the old ones go: the pod is reached all the time.
        if (before is not null && kind.FromRecord(before) is var earlier && IsByIptables(earlier))
            kind.WithdrawTraces(new ReferenceTraces(client), before.Owner, earlier);
        return true;
    }

    private void ApplyByIptables(T rules, PodRecord? before)
    {
        kind.ValidateForIptables(rules);
        var record = kind.ToRecord(rules);
        using var held = kind.Records.WriteHeld(before is null ? record : record.Replacing());
        try
        {
            kind.ApplyByIptables(rules);
            var plan = kind.PlanOf(rules);
            if (plan.IsInKernel || IsInNftables(before))
                Elements.Apply(plan, record, before);
            if (before is null)
                return;
            if (kind.FromRecord(before) is var earlier && IsByIptables(earlier))
                kind.WithdrawByIptables(earlier, rules);
            kind.Records.Write(record);
        }
        catch
        {
            Undo(rules, before);
            throw;
        }
    }

    private bool IsByIptables(T rules) => kind.BackendOf(rules) == FirewallBackend.Iptables;

    private bool IsInNftables(PodRecord? record) => record is not null && kind.PlanOf(record) is null or { IsInKernel: true };

    /// <summary>Undoes <see cref="Apply"/>: the pod has what it had before.</summary>
    /// <param name="rules">The rules that were applied.</param>
    /// <param name="before">What <see cref="Apply"/> returned.</param>
    public void Undo(T rules, PodRecord? before)
    {
        var owner = kind.OwnerOf(rules);
        if (before is null || !before.IsAlive())
        {
            Withdraw(owner, rules);
            return;
        }

        var earlier = kind.FromRecord(before);
        var current = kind.Records.Find(owner);
        if (IsByIptables(earlier))
            kind.ApplyByIptables(earlier);
        if (IsInNftables(before) || IsInNftables(current))
            Elements.Apply(kind.PlanOf(earlier), before, current);
        if (!IsByIptables(earlier))
            kind.WithdrawTraces(new ReferenceTraces(client), owner, rules);
        else if (current is not null && kind.FromRecord(current) is var latest && IsByIptables(latest))
            kind.WithdrawByIptables(latest, earlier);
        kind.Records.Write(before);
    }

    /// <summary>True if a pod has a record here.</summary>
    public bool Knows(Attachment owner) => kind.Records.Find(owner) is not null;

    /// <summary>Withdraws all rules of a pod, of whichever backend and build; a pod without rules is not a failure.</summary>
    /// <param name="owner">The pod.</param>
    /// <param name="known">What the caller knows of its rules, for a pod without a record; null: nothing.</param>
    /// <exception cref="AggregateException">Several things could not be removed.</exception>
    public void Withdraw(Attachment owner, T? known)
    {
        var failures = new Failures();
        PodRecord? record = null;
        var hasNftables = true;
        failures.Try(() =>
        {
            try
            {
                record = Elements.Withdraw(owner);
            }
            catch (ErrnoException e) when (e.IsNftablesMissing())
            {
                hasNftables = false;
                record = kind.Records.Find(owner);
                kind.Records.Remove(owner);
            }
        });
        var had = record is null || kind.PlanOf(record) is null ? known : kind.FromRecord(record);
        var traces = new ReferenceTraces(hasNftables ? client : null);
        failures.Try(() => kind.WithdrawTraces(traces, owner, had));
        failures.Try(() => kind.WithdrawReference(traces, owner));
        foreach (var step in had is null ? [] : kind.OnWithdrawn(had))
            failures.Try(step);
        failures.ThrowIfAny();
    }

    /// <summary>The first difference from what <see cref="Apply"/> left, a sentence; null if there is no difference.</summary>
    public string? FindDifference(T rules)
    {
        var owner = kind.OwnerOf(rules);
        if (kind.Records.Find(owner) is not { } record)
            return kind.FindReferenceDifference(rules);
        if (!IsByIptables(kind.FromRecord(record)))
            return Elements.FindDifference(kind.PlanOf(rules), owner);
        var applied = kind.ByIptables(rules);
        if (kind.FindIptablesDifference(applied) is { } difference)
            return difference;
        return kind.PlanOf(applied) is { IsInKernel: true } plan ? Elements.FindDifference(plan, owner) : null;
    }

    /// <summary>Withdraws the rules of a network's pods that are not valid any more.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="valid">The tags of its valid pods.</param>
    public void Collect(string network, IReadOnlySet<string> valid)
    {
        var failures = new Failures();
        foreach (var record in kind.Records.ListStale(network, valid))
            failures.Try(() => Withdraw(record.Owner, null));

        failures.Try(() =>
        {
            try
            {
                Elements.Collect(network, valid);
            }
            catch (ErrnoException e) when (e.IsNftablesMissing())
            {
                // Without nftables there are no elements.
            }
        });
        failures.ThrowIfAny();
    }

    /// <inheritdoc/>
    public void Dispose() => client?.Dispose();
}
