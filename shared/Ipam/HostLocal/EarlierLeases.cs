using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Ipam.HostLocal;

/// <summary>
/// What the owner has from an ADD before this one. It is the owner's again where that attachment is known to be gone: the caller says so,
/// or the lease was written before the machine's last boot. Else the container may be using the address.
/// </summary>
/// <param name="store">The leases.</param>
/// <param name="owner">The owner.</param>
/// <param name="isInUse">Whether an address is in use by the earlier attachment; null: nobody knows.</param>
internal sealed class EarlierLeases(LeaseStore store, Attachment owner, Func<IPAddr, bool>? isInUse)
{
    private readonly IReadOnlyList<Lease> leases = store.FindByOwner(owner);
    private Int128? boot;

    /// <summary>The first that is still in use, by the caller's word; null: none, or nobody knows.</summary>
    public Lease? FindInUse()
    {
        foreach (var lease in leases)
        {
            if (IsInUse(lease.Address))
                return lease;
        }

        return null;
    }

    /// <summary>True where the caller knows that the earlier attachment uses the address.</summary>
    public bool IsInUse(IPAddr address) => isInUse?.Invoke(address) == true;

    /// <summary>Those of each range set, by its number; null: there are none at all.</summary>
    public IReadOnlyDictionary<int, List<Lease>>? BySet(HostLocalConfig config)
    {
        if (leases.Count == 0)
            return null;
        var sets = new Dictionary<int, List<Lease>>();
        var ranges = config.IndexSets();
        foreach (var lease in leases)
        {
            if (ranges.Find(lease.Address) is not { Number: var set })
                continue;
            if (!sets.TryGetValue(set, out var own))
                sets.Add(set, own = []);
            own.Add(lease);
        }

        return sets;
    }

    /// <summary>True where the container that a lease is of has lost its address since.</summary>
    public bool IsLeftover(Lease lease) =>
        isInUse is not null
            ? !isInUse(lease.Address)
            : (boot ??= MachineBoot.FindTime()) is { } time && store.FindTime(lease.Address) is { } written && written < time;
}
