using Plugboard.Firewall.Nftables;
using Plugboard.Linux;

namespace Plugboard.Firewall.Pods;

/// <summary>
/// Gives pods their elements and takes them away: each time one transaction, whatever the node holds already. An element is known as a pod's by the tag in its comment. What a pod
/// has is in its record, so that it is found by key; only for a pod without a record is everything read.
/// </summary>
/// <param name="client">The kernel.</param>
/// <param name="records">What each pod has.</param>
/// <param name="tables">The tables whose sets hold pods' elements.</param>
internal sealed class PodElements(NftablesClient client, PodRecordStore records, IReadOnlyList<NodeTable> tables)
{
    // Each attempt that fails has seen somebody else change the tables in between.
    private const int Attempts = 10;

    /// <summary>Gives a pod, from which all was taken that it had before, what is planned; after a failure it has nothing.</summary>
    /// <param name="plan">What it gets.</param>
    /// <param name="record">Its new record.</param>
    /// <param name="planOf">What a record tells of.</param>
    public void Give(PodPlan plan, PodRecord record, Func<PodRecord, PodPlan?> planOf)
    {
        // Before the kernel has anything: what is there has a record, whenever this process ends.
        records.Write(record);
        try
        {
            Commit(plan, record.Owner.Tag);
        }
        catch
        {
            // The kernel may have done it, and only its answer was lost.
            TryUndo(record.Owner, planOf);
            throw;
        }
    }

    private void TryUndo(PodIdentity owner, Func<PodRecord, PodPlan?> planOf)
    {
        try
        {
            Take(owner, planOf);
        }
        catch (ErrnoException)
        {
            // The first failure is the one to tell of; without a record DEL searches.
            records.Remove(owner);
        }
    }

    private void Commit(PodPlan plan, string tag)
    {
        var stale = new List<PlannedElement>();
        var shared = new List<PlannedElement>();
        for (var attempt = 1; ; attempt++)
        {
            var failures = client.TryCommit(Batch(plan, stale, shared));
            if (failures.Count == 0)
                return;
            stale.Clear();
            foreach (var failure in failures)
            {
                if (failure.Error.Errno is Errno.EEXIST or Errno.EBUSY && failure.Elements is { } refused && Find(plan, refused.Set, refused.Elements[0]) is { } element)
                    (IsFree(element, tag) ? stale : shared).Add(element);
                else if (failure.Error.Errno != Errno.ENOENT || (failure.Elements is null && attempt > 1))
                    throw new NftablesException(failures);
            }

            if (attempt == Attempts)
                throw new NftablesException(failures);
        }
    }

    private NftablesBatch Batch(PodPlan plan, List<PlannedElement> stale, List<PlannedElement> shared)
    {
        var batch = new NftablesBatch();
        foreach (var table in plan.Tables)
        {
            if (!table.IsWhole(client))
                table.AddTo(batch);
        }

        if (plan.OwnChain is not null)
        {
            batch.Add(plan.OwnChain);
            batch.Flush(plan.OwnChain);
            foreach (var rule in plan.OwnRules)
                batch.Add(rule);
        }

        foreach (var (set, element) in plan.NodeElements)
            batch.Add(set, element);
        foreach (var element in stale)
            batch.Delete(element.Set, element.Element);
        foreach (var element in plan.Elements)
        {
            if (!shared.Contains(element))
                batch.Create(element.Set, element.Element);
        }

        return batch;
    }

    private static PlannedElement? Find(PodPlan plan, Set set, SetElement refused)
    {
        foreach (var element in plan.Elements)
        {
            if (element.Set == set && element.Element.HasKeyOf(refused))
                return element;
        }

        return null;
    }

    // Where somebody has the element: true if it can be taken from him.
    private bool IsFree(PlannedElement element, string tag)
    {
        if (PodIdentity.FindTag(client.Find(element.Set, element.Element)?.Comment) is not { } other || other == tag)
            return true;
        if (records.FindByTag(other) is not { } record || !record.IsAlive())
            return true;
        return element.Taken is null ? false : throw element.Taken(record.Owner);
    }

    /// <summary>Takes away all that a pod has; nothing is not a failure.</summary>
    /// <param name="owner">The pod.</param>
    /// <param name="planOf">What its record tells of; null where it cannot be understood: then everything is read, as without a record.</param>
    /// <returns>Its record; null where it has none.</returns>
    public PodRecord? Take(PodIdentity owner, Func<PodRecord, PodPlan?> planOf)
    {
        using var held = records.Hold(owner);
        var record = held?.Record;
        for (var attempt = 1; !TryTake(owner.Tag, record is null ? null : planOf(record), isLast: attempt == Attempts); attempt++)
        {
        }

        records.Remove(owner);
        return record;
    }

    private bool TryTake(string tag, PodPlan? plan, bool isLast)
    {
        var batch = new NftablesBatch();
        foreach (var (set, element) in plan is null ? Search(other => other == tag) : Present(plan, tag))
            Remove(batch, set, element);
        foreach (var chain in plan is null ? OwnChains(tag) : plan.OwnChain is null ? [] : [plan.OwnChain])
            Delete(batch, chain);
        var failures = client.TryCommit(batch);
        if (failures.Count == 0)
            return true;
        // Gone in between.
        return !isLast && failures[0].Error.Errno == Errno.ENOENT ? false : throw new NftablesException(failures);
    }

    private static void Remove(NftablesBatch batch, Set set, SetElement element)
    {
        if (set.HasTimeouts && KernelRelease.IsAtLeast(6, 12))
            batch.Expire(set, element);
        else
            batch.Delete(set, element);
    }

    private void Delete(NftablesBatch batch, Chain chain)
    {
        if (!client.Has(chain))
            return;
        batch.Flush(chain);
        batch.Delete(chain);
    }

    private IEnumerable<Chain> OwnChains(string tag)
    {
        foreach (var table in tables)
        {
            if (table.OwnChainOf(tag) is { } chain)
                yield return chain;
        }
    }

    // What a plan tells of, as far as it is there and still the pod's own.
    private List<(Set Set, SetElement Element)> Present(PodPlan plan, string tag)
    {
        var present = new List<(Set, SetElement)>();
        foreach (var planned in plan.Elements)
        {
            if (client.Find(planned.Set, planned.Element) is { } element && PodIdentity.FindTag(element.Comment) == tag)
                present.Add((planned.Set, element));
        }

        return present;
    }

    private List<(Set Set, SetElement Element)> Search(Func<string, bool> isWanted)
    {
        var found = new List<(Set, SetElement)>();
        foreach (var table in tables)
        {
            foreach (var set in table.PodSets)
            {
                foreach (var element in client.ListElements(set))
                {
                    if (PodIdentity.FindTag(element.Comment) is { } tag && isWanted(tag))
                        found.Add((set, element));
                }
            }
        }

        return found;
    }

    /// <summary>What is not as planned, in words; null where all is.</summary>
    public string? FindDifference(PodPlan plan, string tag)
    {
        foreach (var table in plan.Tables)
        {
            if (table.FindDamage(client) is { } damage)
                return damage;
        }

        foreach (var planned in plan.Elements)
        {
            if (client.Find(planned.Set, planned.Element) is not { } element)
                return $"{planned.What} is not there: {planned.Set} lacks {planned.Element.Describe(planned.Set)}";
            if (!element.LeadsWhere(planned.Element))
                return $"{planned.What} leads elsewhere: {planned.Set} has {element.Describe(planned.Set)}";
            if (planned.Taken is not null && PodIdentity.FindTag(element.Comment) != tag)
                return $"{planned.What} is another's: {planned.Set} has {element.Describe(planned.Set)}";
        }

        return null;
    }

    /// <summary>Takes away what belongs to pods of a network that are not valid any more.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="valid">The tags of its valid pods.</param>
    /// <param name="planOf">What a record tells of.</param>
    public void Collect(string network, IReadOnlySet<string> valid, Func<PodRecord, PodPlan?> planOf)
    {
        var any = new PodIdentity(network, "", "");
        foreach (var record in records.ListStale(network, valid))
            Take(record.Owner, planOf);

        var batch = new NftablesBatch();
        var stale = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (set, element) in Search(tag => any.IsOfNetwork(tag) && !valid.Contains(tag)))
        {
            Remove(batch, set, element);
            stale.Add(PodIdentity.FindTag(element.Comment)!);
        }

        foreach (var tag in stale)
        {
            foreach (var chain in OwnChains(tag))
                Delete(batch, chain);
        }

        client.Commit(batch);
    }
}
