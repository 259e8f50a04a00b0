using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;
using Plugboard.Linux;

namespace Plugboard.Firewall.Pods;

/// <summary>
/// Gives pods their elements and takes them away: each time one transaction, whatever the node holds already. An element is known as a
/// pod's by the tag in its comment. What a pod has is in its record, so that it is found by key; only for a pod without a record is
/// everything read.
/// </summary>
/// <param name="client">The kernel.</param>
/// <param name="pods">The tables whose sets hold pods' elements, and what each pod has.</param>
internal sealed class PodElements(NftablesClient client, PodRuleKind pods)
{
    /// <summary>
    /// Gives a pod what is planned. After a failure it has what it had before: nothing, or what its record of then says.
    /// </summary>
    /// <param name="plan">What it gets.</param>
    /// <param name="record">Its new record.</param>
    /// <param name="before">Its record of until now; null: it has none.</param>
    public void Apply(PodPlan plan, PodRecord record, PodRecord? before)
    {
        if (before is null)
            ApplyNew(plan, record);
        else
            Replace(plan, record, before);
    }

    private void ApplyNew(PodPlan plan, PodRecord record)
    {
        // Before the kernel has anything: what is there has a record, whenever this process ends.
        pods.Records.Write(record);
        try
        {
            new PodTransaction(client, pods, record.Owner).Apply(plan, null);
        }
        catch
        {
            // The kernel may have done it, and only its answer was lost.
            TryUndo(record.Owner);
            throw;
        }
    }

    private void TryUndo(Attachment owner)
    {
        try
        {
            Withdraw(owner);
        }
        catch (ErrnoException)
        {
            // The first failure is the one to tell of; without a record DEL searches.
            pods.Records.Remove(owner);
        }
    }

    private void Replace(PodPlan plan, PodRecord record, PodRecord before)
    {
        // From here to the end the kernel has what one of the two records says, and this one tells whoever reads it that it may be either.
        pods.Records.Write(record.Replacing());
        var transaction = new PodTransaction(client, pods, record.Owner);
        try
        {
            transaction.Apply(plan, before);
        }
        catch (Exception e)
        {
            // What the kernel refused it has not done. Of another failure it is not known.
            if (e is not (NftablesException or ElementTakenException) && pods.PlanOf(before) is { } earlier)
                transaction.TryApply(earlier, record);
            pods.Records.Write(before);
            throw;
        }

        pods.Records.Write(record);
    }

    /// <summary>Takes away all that a pod has; nothing is not a failure.</summary>
    /// <param name="owner">The pod.</param>
    /// <returns>Its record; null where it has none.</returns>
    public PodRecord? Withdraw(Attachment owner)
    {
        using var held = pods.Records.Hold(owner);
        var record = held?.Record;
        new PodRemoval(client, pods).Remove(owner, record);
        pods.Records.Remove(owner);
        return record;
    }

    /// <summary>What is not as planned, in words; null where all is.</summary>
    public string? FindDifference(PodPlan plan, Attachment owner) => new PodComparison(client, pods, owner).FindDifference(plan);

    /// <summary>Takes away what belongs to pods of a network that are not valid any more.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="valid">The tags of its valid pods.</param>
    public void Collect(string network, IReadOnlySet<string> valid)
    {
        var any = new Attachment(network, "", "");
        foreach (var record in pods.Records.ListStale(network, valid))
            Withdraw(record.Owner);
        new PodRemoval(client, pods).RemoveAll(tag => any.IsOfNetwork(tag) && !valid.Contains(tag));
    }
}
