using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam.HostLocal;

/// <summary>One ADD's leases: an address of every range set, or none at all.</summary>
internal sealed class Reservation(LeaseStore store, Attachment owner, EarlierLeases earlier)
{
    // A used address costs a link(2) and an open(2) to find; this many cost as much as reading a directory of some thousand names.
    private const int ProbesBeforeReading = 16;

    private readonly List<IPAddr> created = [];
    private bool isChanged;

    /// <summary>What was leased by this ADD: without what its owner had already and got again.</summary>
    public IReadOnlyList<IPAddr> Created => created;

    /// <summary>
    /// Takes an address of every set: the requested one where there is one, else the one that the owner has of an earlier attachment that
    /// is gone, else the next. On failure exactly what was taken here is released.
    /// </summary>
    public IReadOnlyList<CniIP> TakeAll(HostLocalConfig config, IReadOnlyList<IPAddr?> requested)
    {
        if (earlier.FindInUse() is { } used)
            throw AlreadyAdded(config.IndexSets().Find(used.Address)?.Number ?? 0, used);
        var own = earlier.BySet(config);
        try
        {
            var taken = new CniIP[config.RangeSets.Count];
            for (var i = 0; i < taken.Length; i++)
            {
                var (address, range) = Take(i, config.RangeSets[i], requested[i], own?.GetValueOrDefault(i));
                taken[i] = new CniIP(new IPPrefix(address, range.Subnet.Length)) { Gateway = range.Gateway };
            }

            foreach (var address in created)
                store.RecordReserved(owner, address);
            SealChanges();
            return taken;
        }
        catch (Exception e)
        {
            GiveBack(e);
            throw;
        }
    }

    private Candidate Take(int set, RangeSet ranges, IPAddr? requested, List<Lease>? own)
    {
        if (requested is { } wanted)
            return TakeRequested(set, ranges, wanted);
        return own is not null && TakeOwn(set, ranges, own) is { } again ? again : TakeNext(set, ranges);
    }

    private void GiveBack(Exception cause)
    {
        try
        {
            store.ReleaseAll(created);
        }
        catch (Exception e) when (e is ErrnoException or CniException)
        {
            throw new CniException(CniErrorCode.IOFailure, $"{cause.Message}; releasing the new leases failed too: {e.Message}", "", cause);
        }

        SealChanges();
    }

    private void SealChanges()
    {
        if (isChanged)
            store.Seal();
    }

    private Candidate TakeRequested(int set, RangeSet ranges, IPAddr wanted)
    {
        var range = ranges.FindRange(wanted)!;
        using var lease = store.CreateLease(owner);
        if (store.TryReserve(lease, wanted))
            return Taken(set, new Candidate(wanted, range));
        if (store.FindOwn(wanted, owner) is { } own)
            return earlier.IsInUse(wanted) ? throw AlreadyAdded(set, own) : Renewed(own, range);
        var holder = store.Find(wanted) is { State: LeaseState.Leased } content
            ? $"{wanted} is leased to {content.Owner.Text}"
            : $"{store.Path}/{wanted} is not a lease: remove it if the address is free";
        throw Failure(set, CniErrorCode.TryAgainLater, $"requested IP address {wanted} is not available in range set {ranges}", holder);
    }

    // One that no pod can have any more stays the owner's until its DEL, and it gets another.
    private Candidate? TakeOwn(int set, RangeSet ranges, List<Lease> own)
    {
        foreach (var lease in own)
        {
            if (!earlier.IsLeftover(lease))
                throw AlreadyAdded(set, lease);
        }

        foreach (var lease in own)
        {
            if (ranges.Reserved.FindRole(lease.Address) is null)
                return Renewed(lease, ranges.FindRange(lease.Address)!);
        }

        return null;
    }

    private Candidate Renewed(Lease own, IPRange range)
    {
        isChanged |= store.Renew(own, owner);
        return new Candidate(own.Address, range);
    }

    private Candidate TakeNext(int set, RangeSet ranges)
    {
        var last = store.FindLastReserved(set);
        if (TryTake(set, ranges, last) is { } first)
            return first;
        var survey = Survey.Of(store, ranges);
        foreach (var torn in survey.Torn)
            store.Release(torn);
        if (survey.Torn.Count > 0 && TryTake(set, ranges, last) is { } reclaimed)
            return reclaimed;
        throw Failure(set, CniErrorCode.TryAgainLater, $"no IP addresses available in range set: {ranges}", survey.ToString());
    }

    private Candidate? TryTake(int set, RangeSet ranges, IPAddr? last)
    {
        using var lease = store.CreateLease(owner);
        HashSet<IPAddr>? used = null;
        var probes = 0;
        foreach (var candidate in ranges.Turn(last))
        {
            if (used?.Contains(candidate.Address) == true)
                continue;
            if (store.TryReserve(lease, candidate.Address))
                return Taken(set, candidate);
            if (++probes == ProbesBeforeReading)
                used = [.. store.ReadAddresses()];
        }

        return null;
    }

    private Candidate Taken(int set, Candidate candidate)
    {
        created.Add(candidate.Address);
        isChanged = true;
        store.WriteLastReserved(set, candidate.Address);
        return candidate;
    }

    private CniException AlreadyAdded(int set, Lease lease) =>
        Failure(
            set,
            CniErrorCode.AlreadyAdded,
            $"{lease.Address} has been allocated to {owner.ContainerId}, duplicate allocation is not allowed",
            $"{store.Path}/{lease.Address} is the lease of {lease.Content.Owner.Text}"
                + (
                    earlier.IsInUse(lease.Address)
                        ? ", and an interface has the address: DEL comes before another ADD"
                        : ": DEL releases it"
                )
        );

    private static CniException Failure(int set, CniErrorCode code, string message, string details) =>
        new(code, $"failed to allocate for range {set}: {message}", details);
}

/// <summary>An address that may be given out, and the range it is from.</summary>
internal readonly record struct Candidate(IPAddr Address, IPRange Range);
