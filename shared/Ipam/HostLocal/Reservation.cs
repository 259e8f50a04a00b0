using Plugboard.Addresses;
using Plugboard.Linux;
using Plugboard.Protocols.Cni;

namespace Plugboard.Ipam.HostLocal;

/// <summary>One ADD's leases: an address of every range set, or none at all.</summary>
internal sealed class Reservation(LeaseStore store, LeaseOwner owner)
{
    // A used address costs a link(2) and an open(2) to find; this many cost as much as reading a directory of some thousand names.
    private const int ProbesBeforeReading = 16;

    private readonly List<IPAddr> created = [];
    private IReadOnlyList<Lease>? mine;

    /// <summary>Takes an address of every set, the requested one where there is one; on failure exactly what was taken here is released.</summary>
    public IReadOnlyList<CniIP> TakeAll(IReadOnlyList<RangeSet> sets, IReadOnlyList<IPAddr?> requested)
    {
        try
        {
            var taken = new CniIP[sets.Count];
            for (var i = 0; i < taken.Length; i++)
            {
                var (address, range) = requested[i] is { } wanted ? TakeRequested(i, sets[i], wanted) : TakeNext(i, sets[i]);
                taken[i] = new CniIP(new IPPrefix(address, range.Subnet.Length)) { Gateway = range.Gateway };
            }

            foreach (var address in created)
                store.RecordReserved(owner, address);
            if (created.Count > 0)
                store.Seal();
            return taken;
        }
        catch (Exception e)
        {
            GiveBack(e);
            throw;
        }
    }

    private void GiveBack(Exception cause)
    {
        var failures = new List<string>();
        foreach (var address in created)
        {
            try
            {
                store.Release(address);
            }
            catch (ErrnoException e)
            {
                failures.Add(e.Message);
            }
        }

        if (failures.Count > 0)
            throw new CniException(CniErrorCode.IOFailure, $"{cause.Message}; releasing what was taken failed too: {string.Join("; ", failures)}", "", cause);
        if (created.Count > 0)
            store.Seal();
    }

    private Candidate TakeRequested(int set, RangeSet ranges, IPAddr wanted)
    {
        var range = ranges.FindRange(wanted)!;
        if (wanted == range.Gateway)
            throw Failure(set, CniErrorCode.InvalidNetworkConfig, $"requested ip {wanted} is subnet's gateway", "request another address");
        using var lease = store.CreateLease(owner);
        if (store.TryReserve(lease, wanted))
            return Taken(set, new Candidate(wanted, range));
        if (store.FindOwn(wanted, owner) is not null)
            return new Candidate(wanted, range);
        var holder = store.Find(wanted) is { State: LeaseState.Leased } content
            ? $"{wanted} is leased to {content.Owner}"
            : $"{store.Path}/{wanted} is no lease that could be released: remove it if the address is free";
        throw Failure(set, CniErrorCode.TryAgainLater, $"requested IP address {wanted} is not available in range set {ranges}", holder);
    }

    private Candidate TakeNext(int set, RangeSet ranges)
    {
        RefuseSecond(set, ranges);
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

    private void RefuseSecond(int set, RangeSet ranges)
    {
        mine ??= store.FindByOwner(owner);
        foreach (var lease in mine)
        {
            if (ranges.FindRange(lease.Address) is not null)
            {
                throw Failure(
                    set,
                    CniErrorCode.AlreadyAdded,
                    $"{lease.Address} has been allocated to {owner.ContainerId}, duplicate allocation is not allowed",
                    $"{store.Path}/{lease.Address} is the lease of {lease.Content.Owner}: DEL releases it");
            }
        }
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
        store.WriteLastReserved(set, candidate.Address);
        return candidate;
    }

    private static CniException Failure(int set, CniErrorCode code, string message, string details) =>
        new(code, $"failed to allocate for range {set}: {message}", details);
}
