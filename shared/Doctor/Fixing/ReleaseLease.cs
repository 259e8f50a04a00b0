using Plugboard.Doctor.Nodes;
using Plugboard.Ipam.HostLocal;

namespace Plugboard.Doctor.Fixing;

/// <summary>Releases an address, under the lock of all who lease there, if its file still says what it said.</summary>
/// <param name="lease">The lease.</param>
/// <param name="isStillSafe">Looks again, under the lock, whether nobody has the address.</param>
internal sealed class ReleaseLease(LeaseFile lease, Func<bool> isStillSafe)
    : Fix($"release {lease.Address} of network {lease.Network} ({Describe(lease)})")
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static string Describe(LeaseFile lease) =>
        lease.Content.State == LeaseState.Leased ? $"lease of {lease.Content.Owner}" : "an empty lease";

    /// <inheritdoc/>
    public override bool Apply()
    {
        using var directory = LeaseDirectory.Find(lease.DataDirectory, lease.Network);
        using var held = directory?.Lock(Patience);
        return directory?.Find(lease.Address) == lease.Content && isStillSafe() && directory.Remove(lease.Address);
    }

    /// <inheritdoc/>
    public override void Undo()
    {
        if (lease.Content.State != LeaseState.Leased)
            return;
        using var directory = LeaseDirectory.Find(lease.DataDirectory, lease.Network);
        using var held = directory?.Lock(Patience);
        using var file = directory?.CreateLease(lease.Content.Owner);
        // Somebody may have got the address since: it is theirs then.
        file?.TryLink(lease.Address.ToString());
    }
}
