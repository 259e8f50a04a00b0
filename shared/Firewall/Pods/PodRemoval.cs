using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;
using Plugboard.Linux;

namespace Plugboard.Firewall.Pods;

/// <summary>Takes elements of pods out of the kernel. What another attachment waits for it gets in the same transaction.</summary>
/// <param name="client">The kernel.</param>
/// <param name="pods">The tables, and what each pod has.</param>
internal sealed class PodRemoval(NftablesClient client, PodRuleKind pods)
{
    // Each retry: another process changed the tables meanwhile.
    private const int Attempts = 10;

    // A foreign rule jumps to a pod's chain: it stays, empty.
    private bool leavesChains;

    /// <summary>Takes away all that a pod has; nothing is not a failure.</summary>
    /// <param name="owner">The pod.</param>
    /// <param name="record">Its record; null: it has none, or one that cannot be read.</param>
    public void Remove(Attachment owner, PodRecord? record)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (TryRemove(owner.Tag, record, isLast: attempt == Attempts))
                    return;
            }
            catch (ErrnoException e) when (e.Errno is Errno.EINVAL or Errno.EOPNOTSUPP or Errno.EPERM && attempt == 1)
            {
                // Tables of another layout are made again, without this pod.
                if (!TryRestore(owner.Tag))
                    throw;
            }
        }
    }

    // True where a table was another one than ours: then all of them are right now.
    private bool TryRestore(string except)
    {
        foreach (var table in pods.Tables)
        {
            if (table.FindDifference(client, isThorough: false) is not { MustBeReplaced: true } difference)
                continue;
            if (difference.OwnerPortId != 0)
                throw new TableOwnedException(table.Table with { OwnerPortId = difference.OwnerPortId });
            new PodRestoration(client, pods).RestoreFor([], except);
            return true;
        }

        return false;
    }

    private bool TryRemove(string tag, PodRecord? record, bool isLast)
    {
        var batch = new NftablesBatch();
        using var heirs = new PodHeirs(client, pods);
        var found = Find(tag, record, out var chains);
        foreach (var (set, element) in found)
            Remove(batch, set, element, heirs.Find(set, element, tag));
        foreach (var chain in chains)
            Delete(batch, chain);
        if (!TryCommit(batch, isLast))
            return false;
        heirs.Appoint(found, tag, waitsNoMore: true);
        return true;
    }

    // False where something was gone in between, or a chain has to stay.
    private bool TryCommit(NftablesBatch batch, bool isLast)
    {
        var failures = client.TryCommit(batch);
        if (failures.Count == 0)
            return true;
        if (isLast)
            throw new RulesChangedException(failures, Attempts);
        if (failures[0].Error.Errno == Errno.EBUSY && !leavesChains)
            leavesChains = true;
        else if (failures[0].Error.Errno != Errno.ENOENT)
            throw new NftablesException(failures);
        return false;
    }

    // By its record; where something is not as the record says, by the tag.
    private List<(Set Set, SetElement Element)> Find(string tag, PodRecord? record, out IEnumerable<Chain> chains)
    {
        chains = OwnChains(tag);
        if (record is null or { IsReplacing: true } || pods.PlanOf(record) is not { } plan)
            return Search(other => other == tag);
        var present = new List<(Set, SetElement)>();
        foreach (var planned in plan.Elements)
        {
            if (client.Find(planned.Set, planned.Element) is not { } element)
                return Search(other => other == tag);
            if (AttachmentTag.Find(element.Comment) == tag)
                present.Add((planned.Set, element));
        }

        var denied = pods.FindDenied(record);
        foreach (var planned in denied?.Elements ?? [])
        {
            if (client.Find(planned.Set, planned.Element) is { } element && AttachmentTag.Find(element.Comment) == tag)
                present.Add((planned.Set, element));
        }

        chains = (plan.OwnChain ?? denied?.OwnChain) is { } own ? [own] : [];
        return present;
    }

    /// <summary>Adds to a batch the removal of elements that a record has and a plan does not.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="before">The record.</param>
    /// <param name="plan">The elements that stay, or are added in the same batch.</param>
    /// <param name="heirs">The heirs of removed elements.</param>
    /// <returns>The removed elements.</returns>
    public IReadOnlyList<(Set Set, SetElement Element)> AddTo(NftablesBatch batch, PodRecord before, PodPlan plan, PodHeirs heirs)
    {
        var lost = new List<(Set, SetElement)>();
        var tag = before.Owner.Tag;
        var kept = new Dictionary<string, HashSet<SetElement>>(StringComparer.Ordinal);
        foreach (var planned in plan.Elements)
        {
            if (!kept.TryGetValue(planned.Set.ToString(), out var keys))
                kept[planned.Set.ToString()] = keys = new HashSet<SetElement>(new ElementKeys());
            keys.Add(planned.Element);
        }

        var found = Find(tag, before, out var chains);
        foreach (var (set, element) in found)
        {
            if (kept.TryGetValue(set.ToString(), out var keys) && keys.Contains(element))
                continue;
            Remove(batch, set, element, heirs.Find(set, element, tag));
            lost.Add((set, element));
        }

        foreach (var chain in chains)
        {
            if (chain.Name != plan.OwnChain?.Name)
                Delete(batch, chain);
        }

        return lost;
    }

    /// <summary>Removes pods' objects, by their tags alone.</summary>
    /// <param name="isWanted">Selects the pods.</param>
    public void RemoveAll(Func<string, bool> isWanted)
    {
        for (var attempt = 1; !TryRemoveAll(isWanted, isLast: attempt == Attempts); attempt++) { }
    }

    private bool TryRemoveAll(Func<string, bool> isWanted, bool isLast)
    {
        var batch = new NftablesBatch();
        using var heirs = new PodHeirs(client, pods);
        var stale = new HashSet<string>(StringComparer.Ordinal);
        var found = Search(isWanted);
        foreach (var (set, element) in found)
        {
            var tag = AttachmentTag.Find(element.Comment)!;
            Remove(batch, set, element, heirs.Find(set, element, tag));
            stale.Add(tag);
        }

        foreach (var tag in stale)
        {
            foreach (var chain in OwnChains(tag))
                Delete(batch, chain);
        }

        if (!TryCommit(batch, isLast))
            return false;
        heirs.Appoint(found, "", waitsNoMore: false);
        return true;
    }

    private static void Remove(NftablesBatch batch, Set set, SetElement element, SetElement? heir)
    {
        if (heir is not null)
        {
            batch.Delete(set, element);
            batch.Create(set, heir);
        }
        else if (set.HasTimeouts && KernelRelease.IsAtLeast(6, 12))
        {
            batch.Expire(set, element);
        }
        else
        {
            batch.Delete(set, element);
        }
    }

    private void Delete(NftablesBatch batch, Chain chain)
    {
        if (!client.Has(chain))
            return;
        batch.Flush(chain);
        if (!leavesChains)
            batch.Delete(chain);
    }

    private List<Chain> OwnChains(string tag)
    {
        var chains = new List<Chain>();
        foreach (var table in pods.Tables)
        {
            if (table.OwnChainOf(tag) is { } chain)
                chains.Add(chain);
        }

        return chains;
    }

    private List<(Set Set, SetElement Element)> Search(Func<string, bool> isWanted)
    {
        var found = new List<(Set, SetElement)>();
        foreach (var table in pods.Tables)
        {
            foreach (var set in table.PodSets)
            {
                foreach (var element in client.ListElements(set))
                {
                    if (AttachmentTag.Find(element.Comment) is { } tag && isWanted(tag))
                        found.Add((set, element));
                }
            }
        }

        return found;
    }
}
