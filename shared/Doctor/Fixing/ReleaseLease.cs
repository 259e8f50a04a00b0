using Plugboard.Doctor.Nodes;
using Plugboard.Ipam.HostLocal;

namespace Plugboard.Doctor.Fixing;

/// <summary>Releases an address, under the lock of the lease directory, if its file is unchanged.</summary>
/// <param name="lease">The lease.</param>
/// <param name="isStillSafe">Checks again, under the lock, that the address is unused.</param>
internal sealed class ReleaseLease(LeaseFile lease, Func<bool> isStillSafe)
    : Fix($"release {lease.Address} of network {lease.Network} ({Describe(lease)})")
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static string Describe(LeaseFile lease) =>
        lease.Content.State == LeaseState.Leased ? $"lease of {lease.Content.Owner.Text}" : "an empty lease";

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
        // The address may have been leased again since: then it stays.
        file?.TryLink(lease.Address.ToString());
    }
}
