using Plugboard.Coordinator.Engine;
using Plugboard.Firewall.Nftables;
using Plugboard.Linux;
using Plugboard.Netlink;

namespace Plugboard.Coordinator.Masquerade.Nftables;

/// <summary>
/// Keeps the table in the kernel. What the kernel's ruleset had as its number when all was right tells, with one question, that it still
/// is.
/// </summary>
/// <param name="client">The kernel.</param>
internal sealed class NftablesMasquerade(NftablesClient client)
{
    // Each time somebody else changed rules while ours were compared.
    private const int MostAttempts = 10;

    private NftablesPlan? verified;
    private uint generation;

    /// <summary>Makes the table so.</summary>
    /// <param name="wanted">How; the same object while nothing else is wanted.</param>
    /// <param name="isForced">Look at all of it, whatever the number says.</param>
    public SyncOutcome Sync(NftablesPlan wanted, bool isForced)
    {
        if (!isForced && ReferenceEquals(wanted, verified) && client.GetGeneration() == generation)
            return SyncOutcome.Steady;
        verified = null;
        return Tell(() => Change(wanted));
    }

    private static SyncOutcome Tell(Func<SyncOutcome> act)
    {
        try
        {
            return act();
        }
        catch (TableOwnedException e)
        {
            return new SyncOutcome([], [$"{e.Message}: end that process, and the table goes with it"]);
        }
    }

    private SyncOutcome Change(NftablesPlan wanted)
    {
        var whole = false;
        for (var attempt = 1; ; attempt++)
        {
            var number = client.GetGeneration();
            // In the end without the kernel's word that nobody else came between.
            var batch = new NftablesBatch(attempt < MostAttempts ? number : null);
            if (!TryCompare(wanted, batch) && attempt < MostAttempts)
                continue;
            if (whole && !batch.IsEmpty)
                wanted.Definition.ReplaceIn(batch = new NftablesBatch());
            if (batch.IsEmpty)
            {
                (verified, generation) = (wanted, number);
                return SyncOutcome.Steady;
            }

            var failures = client.TryCommit(batch);
            if (failures.Count == 0)
                return new SyncOutcome(NftablesMasqueradeChanges.Of(batch), []);
            if (attempt >= MostAttempts)
                return new SyncOutcome([], [new NftablesException(failures).Message]);
            // A part that cannot be changed can be made anew.
            whole = whole || failures[0].Error.Errno != Errno.ERESTART;
        }
    }

    /// <summary>What <see cref="Sync"/> would do.</summary>
    public SyncOutcome Plan(NftablesPlan wanted) => Tell(() => Compare(wanted));

    private SyncOutcome Compare(NftablesPlan wanted)
    {
        for (var attempt = 1; ; attempt++)
        {
            var batch = new NftablesBatch();
            if (TryCompare(wanted, batch) || attempt >= MostAttempts)
                return batch.IsEmpty ? SyncOutcome.Steady : new SyncOutcome(NftablesMasqueradeChanges.Of(batch), []);
        }
    }

    private bool TryCompare(NftablesPlan wanted, NftablesBatch batch)
    {
        try
        {
            var difference = new TableComparison(client).Compare(wanted.Definition, isThorough: true);
            if (difference.OwnerPortId != 0)
                throw new TableOwnedException(NftablesPlan.Table with { OwnerPortId = difference.OwnerPortId });
            difference.AddTo(batch);
            return true;
        }
        catch (NetlinkException e) when (e.Errno == Errno.EINTR)
        {
            // The kernel says that the list changed while it was told.
            return false;
        }
    }

    /// <summary>Takes the table away; or only tells.</summary>
    public SyncOutcome Remove(bool isDryRun)
    {
        verified = null;
        if (!client.Has(NftablesPlan.Table))
            return SyncOutcome.Steady;
        var batch = new NftablesBatch();
        batch.Delete(NftablesPlan.Table);
        if (!isDryRun && client.TryCommit(batch) is { Count: > 0 } failures && failures[0].Error.Errno != Errno.ENOENT)
            return new SyncOutcome([], [new NftablesException(failures).Message]);
        return new SyncOutcome(NftablesMasqueradeChanges.Of(batch), []);
    }
}
