using Plugboard.Addresses;
using Plugboard.Firewall.Nftables;
using Plugboard.Linux;

namespace Plugboard.Firewall.Pods;

/// <summary>
/// Adds and removes pods' elements: each time in one transaction, whatever the node has already. The tag in an element's comment identifies
/// its pod. A pod's record names its elements, so that they are found by key; only for a pod without a record everything is read.
/// </summary>
/// <param name="client">The kernel.</param>
/// <param name="pods">The tables whose sets have pods' elements, and each pod's plan.</param>
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
        using var held = pods.Records.WriteHeld(record);
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
            // The first failure is reported; without a record DEL searches.
            pods.Records.Remove(owner);
        }
    }

    private void Replace(PodPlan plan, PodRecord record, PodRecord before)
    {
        // From here on the kernel has the content of one of the two records, and this one says that it may be either.
        using var held = pods.Records.WriteHeld(record.Replacing());
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
