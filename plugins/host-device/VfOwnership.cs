using Plugboard.Addresses;
using Plugboard.Linux.Namespaces;
using Plugboard.Protocols.Cni;

namespace Plugboard.HostDevice;

/// <summary>
/// Whether a function is still the one of an attachment: it may have been allocated to another pod since, which a late DEL must not
/// disturb.
/// </summary>
/// <param name="state">The state's files, locked.</param>
/// <param name="record">The attachment's record.</param>
/// <param name="netNs">CNI_NETNS of this call; may be empty.</param>
internal sealed class VfOwnership(VfState state, VfRecord record, string netNs)
{
    /// <summary>The record's file; null: the attachment's.</summary>
    public string? Name { get; init; }

    /// <summary>
    /// True if the function is the attachment's. A file of the reference does not name its namespace: then the call does, or, if it cannot,
    /// the function is whose namespace has ended.
    /// </summary>
    public bool IsHeld
    {
        get
        {
            // Its namespace's path may be another one's by now.
            if (record.Boot == VfState.EarlierBoot && VfState.List().Any(IsOfThisBoot))
                return false;
            // sriov-cni before 2.7 allocates nothing: then the function is the attachment's whose record is the only one of it.
            if (state.FindAllocation(record.DeviceId) is not { } allocated)
                return record.NetNs.Length == 0 && VfState.List().Count(each => each.Record.DeviceId == record.DeviceId) == 1;
            if (record.NetNs.Length > 0)
                return allocated == record.NetNs;
            return netNs.Length > 0 ? allocated == netNs : !IsAlive(allocated);
        }
    }

    private bool IsOfThisBoot((string Name, VfRecord Record) each) =>
        each.Record.DeviceId == record.DeviceId && each.Record.Boot != VfState.EarlierBoot;

    /// <summary>Restores the function and removes its files. If a step fails, they stay for the next DEL.</summary>
    public void Release(Attachment owner, DeviceTree tree, HostNamespace node, NetworkNamespace? pod)
    {
        if (IsHeld)
        {
            var isTheContainers = pod is not null && (record.NetNsInode == 0 || pod.File.Status().Inode == record.NetNsInode);
            try
            {
                new VfRelease(record, owner, tree, node).Run(isTheContainers ? pod : null);
            }
            catch (CniException)
            {
                // The name alone was refused: all else is done.
                Forget(owner);
                throw;
            }
        }

        Forget(owner);
    }

    private void Forget(Attachment owner)
    {
        if (IsHeld)
            state.Free(record.DeviceId);
        state.Remove(Name ?? VfRecord.NameOf(owner.ContainerId, owner.IfName));
    }

    /// <summary>True if a path names a network namespace.</summary>
    public static bool IsAlive(string path)
    {
        try
        {
            using var opened = NetworkNamespace.Open(path);
            return true;
        }
        catch (NetworkNamespaceException)
        {
            return false;
        }
    }
}
