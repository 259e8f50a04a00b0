using Plugboard.Firewall.Nftables;
using Plugboard.Linux;

namespace Plugboard.Firewall.Pods;

/// <summary>
/// Finds who gets an element that its owner gives up, among those that wait for it. The heirs' records are held alone until this is
/// disposed: none of them goes meanwhile.
/// </summary>
/// <param name="client">The kernel.</param>
/// <param name="pods">The tables, and what each pod has.</param>
internal sealed class PodHeirs(NftablesClient client, PodRuleKind pods) : IDisposable
{
    // Two DELs that are each other's heirs wait for one another that long.
    private static readonly TimeSpan patience = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<string, (PodRecordHold Hold, PodPlan Plan)?> held = new(StringComparer.Ordinal);
    private IReadOnlyList<string>? claims;

    /// <summary>What takes an element's place; null: nobody waits for it.</summary>
    /// <param name="set">The set.</param>
    /// <param name="element">The element.</param>
    /// <param name="owner">The tag of who gives it up.</param>
    public SetElement? Find(Set set, SetElement element, string owner)
    {
        foreach (var tag in PodClaims.Find(claims ??= pods.Claims.Read(), set, element))
        {
            if (tag != owner && PlanOf(tag) is { } plan && Find(plan, set, element) is { } wanted)
                return wanted;
        }

        return null;
    }

    private static SetElement? Find(PodPlan plan, Set set, SetElement element)
    {
        foreach (var planned in plan.Elements)
        {
            if (planned.Set.Name == set.Name && planned.Set.Table == set.Table && planned.Element.HasKeyOf(element))
                return planned.Element;
        }

        return null;
    }

    private PodPlan? PlanOf(string tag)
    {
        if (held.TryGetValue(tag, out var known))
            return known?.Plan;
        held[tag] = null;
        // An attachment that is just going needs nothing any more; other processes hold a record for a moment.
        if (pods.Records.TryHoldAlone(tag, patience) is not { } hold)
            return null;
        if (hold.Record is { } record && record.IsAlive() && pods.PlanOf(record) is { } plan)
        {
            held[tag] = (hold, plan);
            return plan;
        }

        hold.Dispose();
        return null;
    }

    /// <summary>Gives elements that have just been taken away to who has begun to wait for them meanwhile.</summary>
    /// <param name="gone">The elements.</param>
    /// <param name="owner">The tag of who had them.</param>
    /// <param name="waitsNoMore">The owner itself waits for nothing any more.</param>
    public void Appoint(IReadOnlyList<(Set Set, SetElement Element)> gone, string owner, bool waitsNoMore)
    {
        if ((claims = pods.Claims.Read()).Count == 0)
            return;
        if (waitsNoMore)
            pods.Claims.Remove(claims, owner);
        foreach (var (set, element) in gone)
        {
            if (Find(set, element, owner) is { } wanted)
                Appoint(set, element, wanted);
        }
    }

    private void Appoint(Set set, SetElement gone, SetElement wanted)
    {
        // One that is expiring is there for a moment still.
        foreach (var isThere in (ReadOnlySpan<bool>)[client.Find(set, gone) is { } present && present.Comment == gone.Comment, false])
        {
            var batch = new NftablesBatch();
            if (isThere)
                batch.Delete(set, gone);
            batch.Create(set, wanted);
            var failures = client.TryCommit(batch);
            // Somebody else may have it by now, or all of it be gone.
            if (failures.Count == 0 || failures[0].Error.Errno == Errno.EEXIST)
                return;
            if (failures[0].Error.Errno != Errno.ENOENT)
                throw new NftablesException(failures);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var each in held.Values)
            each?.Hold.Dispose();
    }
}
