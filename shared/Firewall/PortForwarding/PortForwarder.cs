using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Records;
using Plugboard.Linux;

namespace Plugboard.Firewall.PortForwarding;

/// <summary>
/// Publishes ports by nftables, without a process: one transaction for each pod. A port has one owner; that of a pod which is no more is taken over. Works in the calling
/// thread's network namespace; not for two threads at once.
/// </summary>
public sealed class PortForwarder : IDisposable
{
    // Each attempt that fails has seen somebody else change the table in between.
    private const int Attempts = 10;

    private readonly NftablesClient client = NftablesClient.Open();
    private readonly PortForwardTable table = new();
    private readonly PodRecordStore records;

    /// <summary>Opens it.</summary>
    /// <param name="records">What each pod has.</param>
    /// <exception cref="ErrnoException">The kernel has no netfilter.</exception>
    public PortForwarder(PodRecordStore records) => this.records = records;

    /// <summary>Publishes a pod's ports in place of what it had before; after a failure it has none.</summary>
    /// <param name="forward">The ports.</param>
    /// <param name="localhostLink">The link to which connections from localhost will be routed; empty: none will.</param>
    /// <exception cref="PortTakenException">A living pod has one of them.</exception>
    /// <exception cref="NftablesException">The kernel refused something.</exception>
    /// <exception cref="ErrnoException">The record cannot be written.</exception>
    public void Publish(PortForward forward, string localhostLink)
    {
        var plan = PortForwardPlan.Of(table, forward);
        if (records.Find(forward.Owner) is not null)
            Withdraw(forward.Owner);
        // Before the kernel has anything: what is there has a record, whenever this process ends.
        records.Write(forward.ToRecord());
        try
        {
            Commit(plan, localhostLink, forward.Owner.Tag);
        }
        catch
        {
            records.Remove(forward.Owner);
            throw;
        }
    }

    private void Commit(PortForwardPlan plan, string localhostLink, string tag)
    {
        var stale = new List<PlannedElement>();
        var kept = new List<PlannedElement>();
        for (var attempt = 1; ; attempt++)
        {
            var failures = client.TryCommit(Batch(plan, localhostLink, stale, kept));
            if (failures.Count == 0)
                return;
            stale.Clear();
            foreach (var failure in failures)
            {
                if (failure.Elements is { } refused && failure.Error.Errno is Errno.EEXIST or Errno.EBUSY && Planned(plan, refused.Set, refused.Elements[0]) is { } element)
                    (IsFree(element, tag) ? stale : kept).Add(element);
                else if (failure.Error.Errno != Errno.ENOENT || attempt == Attempts)
                    throw new NftablesException(failures);
            }

            if (attempt == Attempts)
                throw new NftablesException(failures);
        }
    }

    private NftablesBatch Batch(PortForwardPlan plan, string localhostLink, List<PlannedElement> stale, List<PlannedElement> kept)
    {
        var batch = new NftablesBatch();
        if (!table.IsWhole(client))
            table.AddTo(batch);
        if (plan.OwnRules.Count > 0)
        {
            batch.Add(plan.OwnChain);
            batch.Flush(plan.OwnChain);
            foreach (var rule in plan.OwnRules)
                batch.Add(rule);
        }

        if (localhostLink.Length > 0)
            batch.Add(table.LocalhostLinks, new SetElement(Field.Join(Field.Link(localhostLink))));
        foreach (var element in stale)
            batch.Delete(element.Set, element.Element);
        foreach (var element in plan.Elements)
        {
            if (!kept.Contains(element))
                batch.Create(element.Set, element.Element);
        }

        return batch;
    }

    private static PlannedElement? Planned(PortForwardPlan plan, Set set, SetElement refused)
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
        return element.Port is null ? false : throw new PortTakenException(element.Port, record.Owner);
    }

    /// <summary>Takes away all that a pod has; nothing is not a failure.</summary>
    /// <returns>What it had, as its record says; null where it has no record.</returns>
    public PortForward? Withdraw(PodIdentity owner)
    {
        var forward = records.Find(owner) is { } record ? PortForwardRecord.FromRecord(record) : null;
        for (var attempt = 1; !TryWithdraw(owner, forward, isLast: attempt == Attempts); attempt++)
        {
        }

        records.Remove(owner);
        return forward;
    }

    private bool TryWithdraw(PodIdentity owner, PortForward? forward, bool isLast)
    {
        var batch = new NftablesBatch();
        foreach (var (set, element) in forward is null ? Search(tag => tag == owner.Tag) : Present(forward))
            batch.Delete(set, element);
        DeleteChain(batch, owner.Tag, forward);
        var failures = client.TryCommit(batch);
        if (failures.Count == 0)
            return true;
        // Gone in between.
        return !isLast && failures[0].Error.Errno == Errno.ENOENT ? false : throw new NftablesException(failures);
    }

    private void DeleteChain(NftablesBatch batch, string tag, PortForward? forward = null)
    {
        var chain = new Chain(table.Table, PortForwardTable.PodChainPrefix + tag);
        if (forward is { ConditionsV4.Count: 0, ConditionsV6.Count: 0 } || !client.Has(chain))
            return;
        batch.Flush(chain);
        batch.Delete(chain);
    }

    // The elements a record tells of, as far as they are there and still the pod's own.
    private List<(Set Set, SetElement Element)> Present(PortForward forward)
    {
        var present = new List<(Set, SetElement)>();
        foreach (var planned in PortForwardPlan.Of(table, forward).Elements)
        {
            if (client.Find(planned.Set, planned.Element) is { } element && PodIdentity.FindTag(element.Comment) == forward.Owner.Tag)
                present.Add((planned.Set, element));
        }

        return present;
    }

    // Reads all elements of all pods: only where there is no record.
    private List<(Set Set, SetElement Element)> Search(Func<string, bool> isWanted)
    {
        var found = new List<(Set, SetElement)>();
        foreach (var set in table.PodSets)
        {
            foreach (var element in client.ListElements(set))
            {
                if (PodIdentity.FindTag(element.Comment) is { } tag && isWanted(tag))
                    found.Add((set, element));
            }
        }

        return found;
    }

    /// <summary>What is not as <see cref="Publish"/> left it, in words; null where all is.</summary>
    public string? FindDifference(PortForward forward)
    {
        if (table.FindDamage(client) is { } damage)
            return damage;
        foreach (var planned in PortForwardPlan.Of(table, forward).Elements)
        {
            var what = planned.Port is { } port ? $"host port {port.Name}" : $"masquerading ({planned.Element.Describe(planned.Set)} in {planned.Set.Name})";
            if (client.Find(planned.Set, planned.Element) is not { } element)
                return $"{what} is not there";
            if (!element.LeadsWhere(planned.Element))
                return $"{what} leads elsewhere: {element.Describe(planned.Set)}";
            if (PodIdentity.FindTag(element.Comment) != forward.Owner.Tag)
                return $"{what} is another's: {element.Describe(planned.Set)}";
        }

        return null;
    }

    /// <summary>Takes away what belongs to pods of a network that are not valid any more.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="valid">The tags of its valid pods.</param>
    public void Collect(string network, IReadOnlySet<string> valid)
    {
        var any = new PodIdentity(network, "", "");
        bool IsStale(string tag) => any.IsOfNetwork(tag) && !valid.Contains(tag);
        foreach (var record in records.List())
        {
            if (record.Owner.Network == network && !valid.Contains(record.Owner.Tag))
                Withdraw(record.Owner);
        }

        var batch = new NftablesBatch();
        var tags = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (set, element) in Search(IsStale))
        {
            batch.Delete(set, element);
            tags.Add(PodIdentity.FindTag(element.Comment)!);
        }

        foreach (var tag in tags)
            DeleteChain(batch, tag);
        client.Commit(batch);
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();
}
