using Plugboard.Addresses;
using Plugboard.Linux;

namespace Plugboard.Ipam.HostLocal;

/// <summary>
/// The owner's leases from an earlier ADD. They are the owner's again if that attachment is known to be gone: the caller says so, or the
/// lease is older than the machine's last boot. Otherwise the container may be using the address.
/// </summary>
/// <param name="store">The leases.</param>
/// <param name="owner">The owner.</param>
/// <param name="isInUse">Whether the earlier attachment uses an address; null: unknown.</param>
internal sealed class EarlierLeases(LeaseStore store, Attachment owner, Func<IPAddr, bool>? isInUse)
{
    private readonly IReadOnlyList<Lease> leases = store.FindByOwner(owner);
    private Int128? boot;

    /// <summary>The first address that is still in use according to the caller; null: none, or unknown.</summary>
    public Lease? FindInUse()
    {
        foreach (var lease in leases)
        {
            if (IsInUse(lease.Address))
                return lease;
        }

        return null;
    }

    /// <summary>True if the caller knows that the earlier attachment uses the address.</summary>
    public bool IsInUse(IPAddr address) => isInUse?.Invoke(address) == true;

    /// <summary>The leases of each range set, by its number; null: no leases.</summary>
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

    /// <summary>True if the container that a lease is of has lost its address since.</summary>
    public bool IsLeftover(Lease lease) =>
        isInUse is not null
            ? !isInUse(lease.Address)
            : (boot ??= MachineBoot.FindTime()) is { } time && store.FindTime(lease.Address) is { } written && written < time;
}
