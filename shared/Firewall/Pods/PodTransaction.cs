using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;
using Plugboard.Firewall.Restoring;
using Plugboard.Linux;

namespace Plugboard.Firewall.Pods;

/// <summary>Has the kernel hold what one pod is to have: one transaction, planned again when another process was faster.</summary>
/// <param name="client">The kernel.</param>
/// <param name="pods">The tables, and what each pod has.</param>
/// <param name="owner">The pod.</param>
internal sealed class PodTransaction(NftablesClient client, PodRuleKind pods, Attachment owner)
{
    // Each attempt that fails has seen somebody else change the tables in between.
    private const int Attempts = 10;

    private readonly string tag = owner.Tag;

    // Elements that are there and can be taken over, and such as their owners keep.
    private readonly List<PlannedElement> stale = [];
    private readonly HashSet<PlannedElement> shared = new(ReferenceEqualityComparer.Instance);

    // Tables of the node whose rules are to be written with the pod's part.
    private readonly List<NodeTable> unwritten = [];
    private uint? generation;

    /// <summary>Makes it so.</summary>
    /// <param name="plan">What the pod is to have.</param>
    /// <param name="before">What it has: of that it loses what is not planned; null: nothing.</param>
    public void Apply(PodPlan plan, PodRecord? before)
    {
        for (var attempt = 1; ; attempt++)
        {
            Prepare(plan);
            using var heirs = new PodHeirs(client, pods);
            var batch = Batch(plan);
            var lost = before is null ? [] : new PodRemoval(client, pods).AddTo(batch, before, plan, heirs);
            var failures = client.TryCommit(batch);
            if (failures.Count == 0)
            {
                if (lost.Count > 0)
                    heirs.Appoint(lost, tag, waitsNoMore: false);
                return;
            }

            stale.Clear();
            shared.Clear();
            generation = null;
            if (attempt == Attempts)
                throw new RulesChangedException(failures, Attempts);
            Learn(plan, failures, isFirst: attempt == 1);
            if (shared.Count > 0)
                Claim();
        }
    }

    /// <summary>As <see cref="Apply"/>, where an earlier failure is the one to tell of.</summary>
    public void TryApply(PodPlan plan, PodRecord before)
    {
        try
        {
            Apply(plan, before);
        }
        catch (ErrnoException)
        {
            // CHECK tells of it, and DEL takes away whatever there is.
        }
    }

    private void Learn(PodPlan plan, IReadOnlyList<NftablesFailure> failures, bool isFirst)
    {
        var byKey = new Dictionary<SetElement, PlannedElement>(new ElementKeys());
        foreach (var failure in failures)
        {
            var errno = failure.Error.Errno;
            if (
                errno is Errno.EEXIST or Errno.EBUSY
                && failure.Elements is { } refused
                && Find(plan, byKey, refused.Set, refused.Elements[0]) is { } element
            )
            {
                if (IsFree(element))
                    stale.Add(element);
                else
                    shared.Add(element);
            }
            else if (errno == Errno.EPERM)
            {
                throw RefusedByOwner(plan) ?? (Exception)new NftablesException(failures);
            }
            else if (errno is not (Errno.ENOENT or Errno.ERESTART) || (errno == Errno.ENOENT && failure.Elements is null && !isFirst))
            {
                throw new NftablesException(failures);
            }
        }
    }

    private TableOwnedException? RefusedByOwner(PodPlan plan)
    {
        foreach (var table in plan.Tables)
        {
            if (client.Find(table.Table) is { OwnerPortId: not 0 } present)
                return new TableOwnedException(present);
        }

        return null;
    }

    private static PlannedElement? Find(PodPlan plan, Dictionary<SetElement, PlannedElement> byKey, Set set, SetElement refused)
    {
        if (byKey.Count == 0)
        {
            foreach (var element in plan.Elements)
                byKey.TryAdd(element.Element, element);
        }

        if (byKey.TryGetValue(refused, out var found) && found.Set == set)
            return found;
        // Two sets can have one key.
        foreach (var element in plan.Elements)
        {
            if (element.Set == set && element.Element.HasKeyOf(refused))
                return element;
        }

        return null;
    }

    // Where somebody has the element: true if it can be taken from him, false if he keeps it.
    private bool IsFree(PlannedElement element)
    {
        if (AttachmentTag.Find(client.Find(element.Set, element.Element)?.Comment) is not { } other || other == tag)
            return true;
        if (pods.Records.FindByTag(other) is { } record && record.IsAlive())
            return element.IsSharedBy(owner, record.Owner) ? false : throw element.Taken!(record.Owner);
        // A dead owner's heirs come before strangers.
        foreach (var waiting in PodClaims.Find(pods.Claims.Read(), element.Set, element.Element))
        {
            if (waiting != tag && pods.Records.FindByTag(waiting) is { } heir && heir.IsAlive() && !element.IsSharedBy(owner, heir.Owner))
                throw element.Taken!(heir.Owner);
        }

        return true;
    }

    // Said before the look whether the other still has it: who gives it up after that look finds the claim.
    private void Claim()
    {
        foreach (var element in shared)
            pods.Claims.Add(element.Set, element.Element, tag);
        generation = client.GetGeneration();
        shared.RemoveWhere(element =>
            client.Find(element.Set, element.Element) is not { } present || AttachmentTag.Find(present.Comment) == tag
        );
    }

    // The node's part, where it cannot be made right beside the pod's own.
    private void Prepare(PodPlan plan)
    {
        unwritten.Clear();
        foreach (var table in plan.Tables)
        {
            if (table.IsAsWritten(client))
                continue;
            var difference = table.FindDifference(client, isThorough: false);
            if (difference.OwnerPortId != 0)
                throw new TableOwnedException(table.Table with { OwnerPortId = difference.OwnerPortId });
            if (difference.MustBeReplaced || (difference.IsMissing && pods.Records.HasOthers(tag)))
                new PodRestoration(client, pods).RestoreFor(plan.Tables, tag);
            else
                unwritten.Add(table);
        }
    }

    private NftablesBatch Batch(PodPlan plan)
    {
        var batch = new NftablesBatch(generation);
        foreach (var table in plan.Tables)
        {
            // One that is dormant wakes by this; to any other the kernel does nothing.
            if (unwritten.Contains(table))
                table.AddTo(batch);
            else
                batch.Add(table.Table);
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
}
